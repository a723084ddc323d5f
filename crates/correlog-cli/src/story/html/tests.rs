//! What the page promises before a browser is asked: hashes that fit, nothing from outside, content that stays text.

use super::{SCRIPT, SCRIPT_HASH, STYLE, STYLE_HASH, escape, page};
use crate::story::document::Document;
use crate::story::{Searched, Story, Subject};
use base64::Engine;
use serde_json::json;
use sha2::Digest;

fn hash(text: &str) -> String {
    let digest = sha2::Sha256::digest(text.as_bytes());
    format!("sha256-{}", base64::engine::general_purpose::STANDARD.encode(digest))
}

#[test]
fn the_policy_names_the_script_and_the_style_as_they_are() {
    assert_eq!(STYLE_HASH, hash(STYLE));
    assert_eq!(SCRIPT_HASH, hash(SCRIPT));
    assert!(!SCRIPT.contains("innerHTML") && !SCRIPT.contains("</"));
}

#[test]
fn hostile_content_stays_text() {
    let evil = "</pre></script><script>document.title='owned'</script><img src=x onerror=alert(1)>\" ' onload=x \u{202e}";
    let source = json!({"@timestamp": "2026-11-21T10:00:00Z", "level": format!("ERROR {evil}"), "message": evil,
        "service": {"name": evil}, "span_id": evil, "span": {"name": evil}, "tenant_id": evil,
        "exception": {"type": evil, "message": evil, "stacktrace": evil}, "attributes": {evil: evil}});
    let node = json!({"record": "node_execution", "title": evil, "status": evil, "error": evil,
        "created_at": "2026-11-21T10:00:00Z", "node_type": evil, "model_name": evil});
    let document = |id: &str, source| Document { index: evil.to_owned(), id: id.to_owned(), source };
    let subject = Subject { query: evil.to_owned(), trace_ids: vec![evil.to_owned()], ..Subject::default() };
    let documents = vec![document("1", source), document("2", node)];
    let story = Story::tell(subject, Searched::default(), documents, Vec::new());
    let links =
        [("bad".to_owned(), json!(format!("javascript:{evil}"))), ("good".to_owned(), json!("http://x"))];
    let page = page(&story, &links);
    assert_eq!(page.matches("<script").count(), 1, "only our own script");
    assert_eq!(page.matches("</script").count(), 1);
    assert!(!page.contains("<img") && !page.contains("href=\"javascript") && !page.contains('\u{202e}'));
    assert!(!page.contains("style=\""), "style attributes are against the page's own policy");
    assert!(page.contains("href=\"http://x\""));
}

#[test]
fn text_is_escaped_for_text_and_attributes() {
    for (input, expect) in
        [("a<b>&\"'", "a&lt;b&gt;&amp;&quot;&#39;"), ("one\ntwo", "one\ntwo"), ("\u{1b}[1m", "\\u{1b}[1m")]
    {
        assert_eq!(escape(input), expect);
    }
}
