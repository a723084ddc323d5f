//! The generated documents: written by `docs`, compared by `tidy`. What is in them is the schema's and the
//! program's own business.

use crate::map;
use xtask::exec::{Result, cargo, output, root, say};

/// Path and content of every generated file.
fn generated() -> Result<Vec<(String, String)>> {
    let config =
        output(cargo().args(["run", "--quiet", "--package", "correlog-cli", "--", "config", "docs"]))?;
    let mut files = correlog_schema::files();
    files.extend(correlog_dashboards::files());
    files.push(("docs/CONFIG.md".to_owned(), config));
    files.push(("docs/ARCHITECTURE.md".to_owned(), map::architecture()?));
    Ok(files)
}

pub fn write() -> Result<()> {
    for (path, content) in generated()? {
        let full = root().join(&path);
        if std::fs::read_to_string(&full).is_ok_and(|old| old == content) {
            continue;
        }
        if let Some(parent) = full.parent() {
            std::fs::create_dir_all(parent).map_err(|error| error.to_string())?;
        }
        std::fs::write(&full, content).map_err(|error| format!("{path}: {error}"))?;
        say(&format!("wrote {path}"));
    }
    Ok(())
}

/// Files whose content is not what would be generated now.
pub fn stale() -> Result<Vec<String>> {
    let differs = |path: &str, content: &str| {
        std::fs::read_to_string(root().join(path)).ok().as_deref() != Some(content)
    };
    Ok(generated()?
        .into_iter()
        .filter(|(path, content)| differs(path, content))
        .map(|(path, _)| path)
        .collect())
}
