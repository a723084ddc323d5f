//! The list of objects setup wants, from the configuration, the options and what the cluster can do; and what was
//! left out of it, with the reason. It reads nothing.

use super::Options;
use super::capabilities::Capabilities;
use super::object::{Kind, Object};
use crate::config::Config;
use correlog_schema::index::{Day, Family, Place};
use correlog_schema::template::{Codec, FamilyTemplates};
use correlog_schema::{MANAGED_BY, cluster};
use serde_json::json;

/// Everything wanted, in the order in which it must be made.
#[derive(Debug, Default)]
pub struct Wanted {
    pub objects: Vec<Object>,
    /// What cannot be done here, each with its reason; `--strict` makes it an error.
    pub left_out: Vec<String>,
}

pub fn families(config: &Config) -> [FamilyTemplates<'_>; 2] {
    [
        FamilyTemplates { family: Family::Logs, prefix: &config.index.logs },
        FamilyTemplates { family: Family::Workflow, prefix: &config.index.workflow },
    ]
}

const fn prefixes(config: &Config) -> [&str; 2] {
    [config.index.logs.as_str(), config.index.workflow.as_str()]
}

pub fn wanted(config: &Config, options: &Options, can: &Capabilities, today: Day) -> Wanted {
    let mut wanted = Wanted::default();
    for family in families(config) {
        templates(&family, can, &mut wanted);
    }
    policy(config, options, can, &mut wanted);
    security(config, can, &mut wanted);
    for family in families(config) {
        for day in [Some(today), today.plus(1)].into_iter().flatten() {
            let name = Place::Day(day).index_name(family.prefix);
            wanted.objects.push(Object::once(Kind::Index, name, json!({})));
        }
    }
    dashboards(config, options, &mut wanted);
    alerts(config, options, can, &mut wanted);
    wanted
}

fn templates(family: &FamilyTemplates<'_>, can: &Capabilities, wanted: &mut Wanted) {
    let codec = if can.has_zstd { Codec::ZstdNoDict } else { Codec::BestCompression };
    wanted.objects.extend([
        Object::new(Kind::Component, family.settings_name(), family.settings(codec)),
        Object::new(Kind::Component, family.mappings_name(), family.mappings()),
        Object::once(Kind::Component, family.custom_name(), family.custom()),
        Object::new(Kind::Template, family.template_name(), family.template()),
    ]);
}

fn policy(config: &Config, options: &Options, can: &Capabilities, wanted: &mut Wanted) {
    if !can.has_ism {
        let reason = "retention policy: the plugin opensearch-index-management is not there; \
                      run `correlog retain --days N` once a day instead";
        wanted.left_out.push(reason.to_owned());
        return;
    }
    wanted.objects.push(Object::new(
        Kind::Policy,
        MANAGED_BY,
        cluster::policy(prefixes(config), options.retain_days),
    ));
}

fn security(config: &Config, can: &Capabilities, wanted: &mut Wanted) {
    if !can.has_security {
        let reason = "roles: the plugin opensearch-security is not there";
        wanted.left_out.push(reason.to_owned());
        return;
    }
    for (name, body) in cluster::roles(prefixes(config)) {
        wanted.objects.push(Object::new(Kind::Role, name, body));
    }
}

fn dashboards(config: &Config, options: &Options, wanted: &mut Wanted) {
    let (logs, workflow) = (&config.index.logs, &config.index.workflow);
    if options.trace_analytics {
        // Dashboards' defaults name other indices and other fields, so its trace view finds no lines by itself.
        let fields = json!({
            "serviceName": "service.name", "spanId": "span_id", "timestamp": "@timestamp", "traceId": "trace_id",
        });
        for (name, value) in [
            ("observability:traceAnalyticsCorrelatedLogsIndices", format!("{logs}-*")),
            ("observability:traceAnalyticsCorrelatedLogsFieldMappings", fields.to_string()),
        ] {
            wanted.objects.push(Object::new(Kind::Setting, name, json!({ "value": value })));
        }
    }
    let prefixes = correlog_dashboards::Prefixes { logs, workflow };
    for body in correlog_dashboards::saved_objects(&prefixes) {
        let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
        wanted.objects.push(Object::new(Kind::Saved(text("type")), text("id"), body));
    }
}

fn alerts(config: &Config, options: &Options, can: &Capabilities, wanted: &mut Wanted) {
    if !can.has_alerting {
        let reason = "alerts: the plugin opensearch-alerting is not there; \
                      dashboards/alerts has the same as rules for Prometheus";
        wanted.left_out.push(reason.to_owned());
        return;
    }
    let prefixes =
        correlog_dashboards::Prefixes { logs: &config.index.logs, workflow: &config.index.workflow };
    for mut body in correlog_dashboards::monitors::monitors(&prefixes, options.alert_channel.as_deref()) {
        body["enabled"] = json!(options.enable_alerts);
        let name = body["name"].as_str().unwrap_or_default().to_owned();
        wanted.objects.push(Object::new(Kind::Monitor, name, body));
    }
}
