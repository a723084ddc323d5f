//! Shares (this many of those) as TSVB panels: the only visualization that divides.

use serde_json::{Value, json};

use super::panels::free_standing;

/// This many (`numerator`) of those (`base`), both in Dashboards' query language.
#[derive(Debug)]
pub struct Ratio<'a> {
    pub id: &'a str,
    pub title: &'a str,
    /// TSVB takes an index pattern's text, not its id.
    pub index: &'a str,
    pub base: &'a str,
    pub numerator: &'a str,
    pub label: &'a str,
}

impl Ratio<'_> {
    /// One number over the whole time range.
    pub fn number(&self) -> Value {
        let extra = json!({
            "type": "metric", "time_range_mode": "entire_time_range", "background_color_rules": [{ "id": "b1" }],
        });
        self.object(extra, None)
    }

    /// A bar a value of the field, over the whole time range.
    pub fn top(&self, field: &str) -> Value {
        let extra = json!({
            "type": "top_n", "time_range_mode": "entire_time_range", "bar_color_rules": [{ "id": "b1" }],
        });
        self.object(extra, Some(field))
    }

    /// Over time, one line or one a value of the field.
    pub fn over_time(&self, field: Option<&str>) -> Value {
        let extra = json!({
            "type": "timeseries", "axis_formatter": "percent", "interval": ">=30m",
            "show_legend": i32::from(field.is_some()),
        });
        self.object(extra, field)
    }

    fn object(&self, extra: Value, field: Option<&str>) -> Value {
        let mut params = json!({
            "id": self.id, "isModelInvalid": false, "axis_formatter": "number", "axis_min": 0,
            "axis_position": "left", "axis_scale": "normal", "default_index_pattern": self.index,
            "default_timefield": "@timestamp", "drop_last_bucket": 0, "index_pattern": self.index,
            "interval": "auto", "show_grid": 1, "show_legend": 1, "time_field": "@timestamp",
            "tooltip_mode": "show_all", "filter": kuery(self.base), "series": [self.series(field)],
        });
        for (key, value) in extra.as_object().into_iter().flatten() {
            params[key] = value.clone();
        }
        free_standing(self.id, self.title, "metrics", &params, json!([]))
    }

    fn series(&self, field: Option<&str>) -> Value {
        let mut series = json!({
            "id": "s1", "label": if field.is_some() { "" } else { self.label }, "color": "#BD271E",
            "axis_position": "right", "chart_type": "line", "fill": 0.2, "formatter": "percent", "line_width": 2,
            "point_size": 0, "separate_axis": 0, "stacked": "none", "value_template": "{{value}}",
            "split_mode": "everything",
            "metrics": [{
                "id": "m1", "type": "filter_ratio", "metric_agg": "count",
                "numerator": kuery(self.numerator), "denominator": kuery("*"),
            }],
        });
        if let Some(field) = field {
            series["fill"] = json!(0);
            series["split_mode"] = json!("terms");
            series["split_color_mode"] = json!("opensearchDashboards");
            series["terms_field"] = json!(field);
            series["terms_order_by"] = json!("_count");
            series["terms_direction"] = json!("desc");
            series["terms_size"] = json!("10");
        }
        series
    }
}

fn kuery(query: &str) -> Value {
    json!({ "language": "kuery", "query": query })
}
