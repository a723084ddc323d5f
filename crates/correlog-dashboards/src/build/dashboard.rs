//! A dashboard: rows of panels on Dashboards' grid of 48 columns.

use serde_json::{Value, json};

use super::panels::{CONTROLS_ID, header, text};

/// Grid units, as tried on a laptop's screen.
pub const TILE: u32 = 6;
pub const CHART: u32 = 12;
pub const TABLE: u32 = 13;

#[derive(Debug)]
pub struct Dashboard {
    id: &'static str,
    title: &'static str,
    description: &'static str,
    from: &'static str,
    panels: Vec<Value>,
    cells: Vec<Cell>,
    below: u32,
}

#[derive(Debug)]
struct Cell {
    id: String,
    kind: &'static str,
    has_title: bool,
    at: (u32, u32),
    size: (u32, u32),
}

impl Dashboard {
    /// Starts with its header and the shared controls; `text` says how to read it.
    pub fn new(id: &'static str, title: &'static str, description: &'static str, text: &str) -> Self {
        let head = format!("{id}-head");
        let panels = vec![header(&head, title, text)];
        let mut dashboard =
            Self { id, title, description, from: "now-24h", panels, cells: Vec::new(), below: 0 };
        dashboard.place(&head, "visualization", false, (0, 48, 5));
        dashboard.below = 5;
        dashboard.place(CONTROLS_ID, "visualization", false, (0, 48, 4));
        dashboard.below = 9;
        dashboard
    }

    /// Opens with this time range instead of a day.
    pub fn since(mut self, from: &'static str) -> Self {
        self.from = from;
        self
    }

    /// A row of visualizations, each with its width; widths sum to 48.
    pub fn row(mut self, height: u32, panels: Vec<(u32, Value)>) -> Self {
        let mut left = 0;
        for (width, panel) in panels {
            let kind = if panel["type"] == "search" { "search" } else { "visualization" };
            let id = panel["id"].as_str().unwrap_or_default().to_owned();
            // A tile says its name itself.
            self.place(&id, kind, height != TILE, (left, width, height));
            if kind == "visualization" {
                self.panels.push(panel);
            }
            left += width;
        }
        debug_assert_eq!(left, 48, "a row of {} is not 48 wide", self.id);
        self.below += height;
        self
    }

    fn place(
        &mut self,
        id: &str,
        kind: &'static str,
        has_title: bool,
        (left, width, height): (u32, u32, u32),
    ) {
        let (at, size) = ((left, self.below), (width, height));
        self.cells.push(Cell { id: id.to_owned(), kind, has_title, at, size });
    }

    /// The panels, then the dashboard itself.
    pub fn objects(self) -> Vec<Value> {
        let mut panels = Vec::new();
        let mut references = Vec::new();
        for (at, cell) in self.cells.iter().enumerate() {
            let (index, name) = ((at + 1).to_string(), format!("panel_{at}"));
            let ((x, y), (w, h)) = (cell.at, cell.size);
            let config = if cell.has_title { json!({}) } else { json!({ "hidePanelTitles": true }) };
            panels.push(json!({
                "panelIndex": index, "panelRefName": name, "version": "7.9.3", "embeddableConfig": config,
                "gridData": { "i": index, "x": x, "y": y, "w": w, "h": h },
            }));
            references.push(json!({ "id": cell.id, "name": name, "type": cell.kind }));
        }
        let dashboard = json!({
            "id": self.id,
            "type": "dashboard",
            "migrationVersion": { "dashboard": "7.9.3" },
            "references": references,
            "attributes": {
                "title": format!("[correlog] {}", self.title),
                "description": self.description,
                "panelsJSON": text(&Value::Array(panels)),
                "optionsJSON": text(&json!({ "hidePanelTitles": false, "useMargins": true })),
                "timeRestore": true, "timeFrom": self.from, "timeTo": "now",
                "refreshInterval": { "pause": true, "value": 0 },
                "kibanaSavedObjectMeta": {
                    "searchSourceJSON": text(&json!({
                        "filter": [], "query": { "language": "kuery", "query": "" },
                    })),
                },
            },
        });
        self.panels.into_iter().chain([dashboard]).collect()
    }
}

/// A saved search as a panel; the object itself is made with the other searches.
pub fn saved_search(id: &str) -> Value {
    json!({ "id": id, "type": "search" })
}
