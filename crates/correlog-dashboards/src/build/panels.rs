//! Visualizations as saved objects: tiles, tables, bars, lines, markdown and the controls.

use serde_json::{Value, json};

use super::PATTERN_ID;
use super::aggs::{Agg, over_time};

const SEARCH_REF: &str = "kibanaSavedObjectMeta.searchSourceJSON.index";

/// A visualization over the index pattern.
#[derive(Debug)]
pub struct Panel<'a> {
    pub id: &'a str,
    pub title: &'a str,
    /// In Dashboards' query language.
    pub query: &'a str,
}

impl Panel<'_> {
    /// One number with its label under it.
    pub fn tile(&self, metrics: &[Agg]) -> Value {
        let font = if metrics.len() == 1 { 36 } else { 18 };
        let params = json!({
            "type": "metric", "addLegend": false, "addTooltip": true,
            "metric": {
                "colorSchema": "Green to Red", "colorsRange": [{ "from": 0, "to": 10000 }], "invertColors": false,
                "labels": { "show": true }, "metricColorMode": "None", "percentageMode": false, "useRanges": false,
                "style": { "bgColor": false, "bgFill": "#000", "fontSize": font, "labelColor": false, "subText": "" },
            },
        });
        self.object("metric", metrics, params, json!({}))
    }

    /// A table: metrics, then the buckets that make its rows; `widths` of the columns from the left, in pixels.
    pub fn table(&self, metrics: &[Agg], buckets: &[Agg], per_page: u32, widths: &[u32]) -> Value {
        let aggs: Vec<Agg> = metrics.iter().chain(buckets).cloned().collect();
        let params = json!({
            "perPage": per_page, "percentageCol": "", "showMetricsAtAllLevels": false, "showPartialRows": false,
            "showTotal": false, "totalFunc": "sum",
        });
        let width = |(at, width): (usize, &u32)| json!({ "colIndex": at, "width": width });
        let columns: Vec<Value> = widths.iter().enumerate().map(width).collect();
        self.object("table", &aggs, params, json!({ "vis": { "columnsWidth": columns } }))
    }

    /// Stacked bars over time. The split stands before the time in the list: the top values over all time, where the
    /// other order would give the top values of each bar.
    pub fn bars(&self, metric: Agg, split: Agg, colours: &[(&str, &str)]) -> Value {
        let params = axes("histogram", "stacked", &metric, "bottom");
        let aggs = [metric, split.at("group"), over_time()];
        self.object("histogram", &aggs, params, colour_state(colours))
    }

    /// Lines over time, one a value of the split.
    pub fn lines(&self, metric: Agg, split: Option<Agg>) -> Value {
        let params = axes("line", "normal", &metric, "bottom");
        let split = split.map(|split| split.at("group"));
        let aggs: Vec<Agg> = [Some(metric), split, Some(over_time())].into_iter().flatten().collect();
        self.object("line", &aggs, params, json!({}))
    }

    /// Horizontal stacked bars, without time.
    pub fn across(&self, metric: Agg, rows: Agg, split: Agg, colours: &[(&str, &str)]) -> Value {
        let params = axes("histogram", "stacked", &metric, "left");
        let aggs = [metric, rows.at("segment"), split.at("group")];
        self.object("horizontal_bar", &aggs, params, colour_state(colours))
    }

    fn object(&self, kind: &str, aggs: &[Agg], params: Value, ui: Value) -> Value {
        let aggs: Vec<Value> = aggs.iter().enumerate().map(|(at, agg)| agg.with_id(at + 1)).collect();
        let state = json!({ "title": self.title, "type": kind, "aggs": aggs, "params": params });
        let source = json!({
            "filter": [], "indexRefName": SEARCH_REF, "query": { "language": "kuery", "query": self.query },
        });
        let references = json!([{ "id": PATTERN_ID, "name": SEARCH_REF, "type": "index-pattern" }]);
        visualization(self.id, self.title, &state, &ui, &source, references)
    }
}

/// A visualization that has no search of its own (markdown, controls, Vega, TSVB).
pub fn free_standing(id: &str, title: &str, kind: &str, params: &Value, references: Value) -> Value {
    let state = json!({ "title": title, "type": kind, "aggs": [], "params": params });
    let source = json!({ "filter": [], "query": { "language": "kuery", "query": "" } });
    visualization(id, title, &state, &json!({}), &source, references)
}

/// The header: where one is, the way to the others, how to read it.
pub fn header(id: &str, title: &str, text: &str) -> Value {
    const LINKS: &str = "[Overview](#/view/correlog-overview) · [One trace](#/view/correlog-trace) · \
        [Workflow runs](#/view/correlog-workflows) · [Users and providers](#/view/correlog-users) · \
        [API](#/view/correlog-api) · [Shipper](#/view/correlog-shipper)";
    let markdown = format!("#### {title}\n{LINKS}\n\n{text}");
    let params = json!({ "fontSize": 12, "markdown": markdown, "openLinksInNewTab": false });
    free_standing(id, title, "markdown", &params, json!([]))
}

pub const CONTROLS_ID: &str = "correlog-controls";

/// The filters every dashboard shares. Never for ids: a list of a hundred of millions helps nobody.
pub fn controls() -> Value {
    const CONTROLS: [(&str, &str); 5] = [
        ("service.name", "Service"),
        ("level", "Level"),
        ("deployment.environment.name", "Environment"),
        ("tenant_id", "Tenant"),
        ("app_id", "App"),
    ];
    let mut controls = Vec::new();
    let mut references = Vec::new();
    for (at, (field, label)) in CONTROLS.iter().enumerate() {
        let name = format!("control_{at}_index_pattern");
        // With dynamicOptions there are ten options whatever the size says.
        let options = json!({
            "type": "terms", "multiselect": true, "dynamicOptions": false, "order": "desc", "size": 100,
        });
        controls.push(json!({
            "id": (at + 1).to_string(), "type": "list", "fieldName": field, "label": label, "parent": "",
            "indexPatternRefName": name, "options": options,
        }));
        references.push(json!({ "id": PATTERN_ID, "name": name, "type": "index-pattern" }));
    }
    let params = json!({
        "controls": controls, "pinFilters": false, "updateFiltersOnChange": true, "useTimeFilter": true,
    });
    free_standing(CONTROLS_ID, "Filters", "input_control_vis", &params, Value::Array(references))
}

fn visualization(
    id: &str,
    title: &str,
    state: &Value,
    ui: &Value,
    source: &Value,
    references: Value,
) -> Value {
    json!({
        "id": id,
        "type": "visualization",
        "migrationVersion": { "visualization": "7.10.0" },
        "references": references,
        "attributes": {
            "title": title,
            "description": "",
            "visState": text(state),
            "uiStateJSON": text(ui),
            "kibanaSavedObjectMeta": { "searchSourceJSON": text(source) },
        },
    })
}

/// JSON within JSON, in a fixed order.
pub fn text(value: &Value) -> String {
    correlog_schema::template::sorted(value).to_string()
}

fn colour_state(colours: &[(&str, &str)]) -> Value {
    if colours.is_empty() {
        return json!({});
    }
    let map: serde_json::Map<String, Value> =
        colours.iter().map(|(name, colour)| ((*name).to_owned(), json!(colour))).collect();
    json!({ "vis": { "colors": map } })
}

fn axes(kind: &str, mode: &str, metric: &Agg, category: &str) -> Value {
    let is_across = category == "left";
    let label = metric.label();
    json!({
        "type": kind, "addLegend": true, "addTimeMarker": false, "addTooltip": true, "legendPosition": "right",
        "times": [], "grid": { "categoryLines": false }, "labels": { "show": false },
        "thresholdLine": { "color": "#E7664C", "show": false, "style": "full", "value": 10, "width": 1 },
        "categoryAxes": [{
            "id": "CategoryAxis-1", "type": "category", "position": category, "show": true, "style": {}, "title": {},
            "scale": { "type": "linear" }, "labels": { "filter": !is_across, "show": true, "truncate": 100 },
        }],
        "valueAxes": [{
            "id": "ValueAxis-1", "name": "LeftAxis-1", "type": "value", "show": true, "style": {},
            "position": if is_across { "bottom" } else { "left" },
            "labels": { "filter": true, "rotate": 0, "show": true, "truncate": 100 },
            "scale": { "mode": "normal", "type": "linear" },
            "title": { "text": if is_across { "" } else { label } },
        }],
        "seriesParams": [{
            "data": { "id": "1", "label": label }, "drawLinesBetweenPoints": true, "interpolate": "linear",
            "lineWidth": 2, "mode": mode, "show": true, "showCircles": kind == "line", "type": kind,
            "valueAxis": "ValueAxis-1",
        }],
    })
}
