//! OpenSearch's alerting monitors for what lines and records can answer: error rate, response time, failing workflows
//! by tenant. CPU, memory and queue length are not in them; the Prometheus rules have those.
//!
//! Every monitor is made switched off, looks at a window that ended a minute ago (lines need that long to arrive),
//! and wants a least number of samples, so that one failed request at night wakes nobody.

use serde_json::{Value, json};

use crate::Prefixes;

/// Fewer requests or runs than this in the window say nothing.
pub const SAMPLES_MIN: u32 = 20;

/// Every monitor; `channel` is the id of a notification channel, without one a monitor only shows in Dashboards.
#[must_use]
pub fn monitors(prefixes: &Prefixes<'_>, channel: Option<&str>) -> Vec<Value> {
    vec![
        error_rate(prefixes, channel),
        response_time(prefixes, channel),
        workflow_failures(prefixes, channel),
    ]
}

fn error_rate(prefixes: &Prefixes<'_>, channel: Option<&str>) -> Value {
    let search = json!({
        "size": 0,
        "query": window(5, &[json!({ "exists": { "field": "http.response.status_code" } })]),
        "aggregations": {
            "total": { "value_count": { "field": "http.response.status_code" } },
            "errors": { "filter": { "range": { "http.response.status_code": { "gte": 500 } } } },
        },
    });
    let condition = format!(
        "def all = ctx.results[0].aggregations; double total = all.total.value; \
         return total >= {SAMPLES_MIN} && all.errors.doc_count / total > 0.1"
    );
    let message = "{{ctx.results.0.aggregations.errors.doc_count}} of {{ctx.results.0.aggregations.total.value}} \
        requests failed within 5 minutes";
    let parts =
        Parts { name: "HighAPIErrorRate", index: prefixes.logs_pattern(), minutes: 1, severity: 1, channel };
    parts.query_level(&search, &condition, message)
}

fn response_time(prefixes: &Prefixes<'_>, channel: Option<&str>) -> Value {
    let requests = [
        json!({ "exists": { "field": "http.response.status_code" } }),
        json!({ "exists": { "field": "duration_ms" } }),
    ];
    let search = json!({
        "size": 0,
        "query": window(10, &requests),
        "aggregations": {
            "total": { "value_count": { "field": "duration_ms" } },
            "p95": { "percentiles": { "field": "duration_ms", "percents": [95] } },
        },
    });
    let condition = format!(
        "def all = ctx.results[0].aggregations; def p95 = all.p95['values']['95.0']; \
         return all.total.value >= {SAMPLES_MIN} && p95 != null && p95 > 5000"
    );
    let message = "The 95th percentile of response times within 10 minutes is above 5 s";
    let parts =
        Parts { name: "HighResponseTime", index: prefixes.logs_pattern(), minutes: 1, severity: 3, channel };
    parts.query_level(&search, &condition, message)
}

/// By tenant: one tenant's broken workflow must not hide among the others' good ones, and none is blamed for another.
fn workflow_failures(prefixes: &Prefixes<'_>, channel: Option<&str>) -> Value {
    let ended = [
        json!({ "term": { "record": "workflow_run" } }),
        json!({ "terms": { "status": ["succeeded", "failed", "stopped", "partial-succeeded"] } }),
    ];
    let tenants =
        json!({ "size": 1000, "sources": [{ "tenant_id": { "terms": { "field": "tenant_id" } } }] });
    let failed = json!({ "filter": { "terms": { "status": ["failed", "partial-succeeded"] } } });
    let search = json!({
        "size": 0,
        "query": window(30, &ended),
        "aggregations": { "tenants": { "composite": tenants, "aggregations": { "failed": failed } } },
    });
    let parts = Parts {
        name: "WorkflowFailureRate",
        index: prefixes.workflow_pattern(),
        minutes: 5,
        severity: 1,
        channel,
    };
    let condition = json!({
        "parent_bucket_path": "tenants",
        "buckets_path": { "total": "_count", "failed": "failed._count" },
        "script": script(&format!("params.total >= {SAMPLES_MIN} && params.failed / params.total > 0.2")),
    });
    let message = "More than a fifth of the workflow runs of these tenants failed within 30 minutes: \
        {{#ctx.newAlerts}}{{bucket_keys}} {{/ctx.newAlerts}}";
    let mut actions = parts.actions(message);
    for action in actions.as_array_mut().into_iter().flatten() {
        action["action_execution_policy"] =
            json!({ "action_execution_scope": { "per_alert": { "actionable_alerts": ["NEW"] } } });
    }
    let trigger = json!({ "bucket_level_trigger": {
        "name": parts.name, "severity": parts.severity.to_string(), "condition": condition, "actions": actions,
    } });
    parts.monitor("bucket_level_monitor", &search, trigger)
}

struct Parts<'a> {
    name: &'a str,
    index: String,
    /// How often it runs.
    minutes: u32,
    /// 1 is critical, 3 a warning.
    severity: u32,
    channel: Option<&'a str>,
}

impl Parts<'_> {
    fn query_level(&self, search: &Value, condition: &str, message: &str) -> Value {
        let trigger = json!({ "query_level_trigger": {
            "name": self.name, "severity": self.severity.to_string(), "condition": { "script": script(condition) },
            "actions": self.actions(message),
        } });
        self.monitor("query_level_monitor", search, trigger)
    }

    fn monitor(&self, kind: &str, search: &Value, trigger: Value) -> Value {
        json!({
            "type": "monitor",
            "name": format!("[correlog] {}", self.name),
            "monitor_type": kind,
            "enabled": false,
            "schedule": { "period": { "interval": self.minutes, "unit": "MINUTES" } },
            "inputs": [{ "search": { "indices": [self.index], "query": search } }],
            "triggers": [trigger],
        })
    }

    fn actions(&self, message: &str) -> Value {
        let Some(channel) = self.channel else { return json!([]) };
        json!([{
            "name": "notify", "destination_id": channel, "throttle_enabled": true,
            "throttle": { "value": 30, "unit": "MINUTES" },
            "subject_template": { "lang": "mustache", "source": format!("[correlog] {}", self.name) },
            "message_template": { "lang": "mustache", "source": message },
        }])
    }
}

/// So many minutes that ended a minute ago. The plugin puts milliseconds in, so the range says that format.
fn window(minutes: u32, clauses: &[Value]) -> Value {
    let from = format!("{{{{period_end}}}}||-{}m", minutes + 1);
    let range = json!({ "range": { "@timestamp": {
        "gte": from, "lt": "{{period_end}}||-1m", "format": "epoch_millis",
    } } });
    let filter: Vec<Value> = [range].into_iter().chain(clauses.iter().cloned()).collect();
    json!({ "bool": { "filter": filter } })
}

fn script(source: &str) -> Value {
    json!({ "lang": "painless", "source": source })
}
