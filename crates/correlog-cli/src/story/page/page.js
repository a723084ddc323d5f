(function () {
  "use strict";
  var rows = Array.prototype.slice.call(document.querySelectorAll("tr[data-level]"));
  var boxes = Array.prototype.slice.call(document.querySelectorAll(".filters input[type=checkbox]"));
  var text = document.getElementById("words");
  var shown = document.getElementById("shown");
  function off(kind) {
    var names = {};
    boxes.forEach(function (box) {
      if (box.dataset.kind === kind && !box.checked) { names["=" + box.value] = true; }
    });
    return names;
  }
  function apply() {
    var services = off("service"), levels = off("level"), words = text.value.toLowerCase(), count = 0;
    rows.forEach(function (row) {
      var hide = services["=" + row.dataset.service] || levels["=" + row.dataset.level] ||
        (words !== "" && row.textContent.toLowerCase().indexOf(words) < 0);
      row.classList.toggle("hidden", Boolean(hide));
      if (!hide) { count += 1; }
    });
    shown.textContent = count + " of " + rows.length + " lines";
  }
  // A link may choose: story.html#level=ERROR&service=api&words=timeout
  function choose() {
    var wanted = new URLSearchParams(location.hash.slice(1));
    boxes.forEach(function (box) {
      var names = wanted.getAll(box.dataset.kind);
      box.checked = names.length === 0 || names.indexOf(box.value) >= 0;
    });
    text.value = wanted.get("words") || "";
    apply();
  }
  window.addEventListener("hashchange", choose);
  boxes.forEach(function (box) { box.addEventListener("change", apply); });
  text.addEventListener("input", apply);
  choose();
})();
