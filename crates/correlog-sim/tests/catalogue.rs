//! Every row of the catalogue of failures in docs/GUARANTEES.md has a test that bears its name. What the tests ask is
//! theirs.

use std::fs;
use std::path::Path;

/// The rows: what happens to files, to lines, to hosts.
const ROWS: [(char, u32); 3] = [('a', 26), ('b', 5), ('c', 11)];

fn collect(dir: &Path, into: &mut String) {
    for entry in fs::read_dir(dir).expect("a directory of the sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && !path.ends_with("target") {
            collect(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push_str(&fs::read_to_string(&path).expect("a source file"));
        }
    }
}

#[test]
fn every_row_has_a_test_that_bears_its_name() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut sources = String::new();
    collect(&root.join("crates"), &mut sources);
    collect(&root.join("tests"), &mut sources);
    let rows =
        ROWS.iter().flat_map(|(section, last)| (1..=*last).map(move |row| format!("{section}{row:02}")));
    let missing: Vec<String> = rows.filter(|row| !sources.contains(&format!("#[test]\nfn {row}_"))).collect();
    assert_eq!(missing, Vec::<String>::new(), "rows without a test");
}
