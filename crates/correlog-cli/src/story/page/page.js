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
  boxes.forEach(function (box) { box.addEventListener("change", apply); });
  text.addEventListener("input", apply);
  apply();
})();
