//! Writes the generated files under the given root.
//! Does not check anything: the test `lint` does.

fn main() -> std::io::Result<()> {
    let root = std::path::PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| ".".to_owned()));
    for (path, content) in correlog_dashboards::files() {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(&root))?;
        std::fs::write(path, content)?;
    }
    Ok(())
}
