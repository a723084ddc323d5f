//! `correlog setup export`: everything setup would make, as files or requests, for somebody who has the rights.
//! It talks to no server, so it takes every plugin to be there.

use super::capabilities::Capabilities;
use super::object::{Kind, Object};
use super::{Options, store, today, wanted};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::print;
use std::path::Path;
use std::process::ExitCode;

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Dir,
    Ndjson,
    Curl,
}

pub fn run(config: &Config, options: &Options, format: Format, output: &Path) -> Result<ExitCode> {
    // The codec stays the one every cluster has; the rest is left to whoever imports it.
    let can = Capabilities {
        version: String::new(),
        has_ism: true,
        has_security: true,
        has_alerting: true,
        has_zstd: false,
        plugins: Vec::new(),
    };
    let objects = wanted::wanted(config, options, &can, today()).objects;
    match format {
        Format::Dir => directory(&objects, output)?,
        Format::Ndjson => print::data(&saved(&objects))?,
        Format::Curl => print::data(&script(config, options, &objects))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn saved(objects: &[Object]) -> String {
    let ours = objects.iter().filter(|object| matches!(object.kind, Kind::Saved(_)));
    ours.map(|object| format!("{}\n", object.marked())).collect()
}

fn directory(objects: &[Object], output: &Path) -> Result<()> {
    let write = |name: &str, content: &str| {
        let path = output.join(name);
        let made = std::fs::create_dir_all(path.parent().unwrap_or(output));
        made.and_then(|()| std::fs::write(&path, content)).map_err(|source| {
            Error::io(format!("{} cannot be written", path.display()), "give another --output", source)
        })
    };
    let mut count = 0;
    for object in objects {
        let folder = match object.kind {
            Kind::Component => "component-templates",
            Kind::Template => "index-templates",
            Kind::Policy => "policies",
            Kind::Role => "roles",
            Kind::Monitor => "monitors",
            Kind::Index | Kind::Saved(_) | Kind::Setting => continue,
        };
        let file = object.name.replace([' ', '[', ']', '/'], "_");
        write(&format!("{folder}/{file}.json"), &format!("{:#}\n", object.marked()))?;
        count += 1;
    }
    let saved = saved(objects);
    if !saved.is_empty() {
        write("dashboards/correlog.ndjson", &saved)?;
        count += 1;
    }
    print::data(&format!("{count} files written to {}\n", output.display()))
}

/// A script that stops at the first request that fails. `OPENSEARCH` and `DASHBOARDS` give the addresses, `CURL_OPTS`
/// whatever credentials need.
fn script(config: &Config, options: &Options, objects: &[Object]) -> String {
    let url = config.opensearch.urls.first().map_or("http://127.0.0.1:9200", String::as_str);
    let dashboards = options.dashboards_url.as_ref().or(config.dashboards_url.as_ref());
    let dashboards = dashboards.map_or("http://127.0.0.1:5601", String::as_str);
    let mut out = format!(
        "#!/bin/sh\n# Made by `correlog setup export --format curl`. Policies, roles and monitors need their plugins.\n\
         set -eu\nOPENSEARCH=\"${{OPENSEARCH:-{url}}}\"\nDASHBOARDS=\"${{DASHBOARDS:-{dashboards}}}\"\n\
         send() {{ curl -fsS ${{CURL_OPTS:-}} -X \"$1\" \"$OPENSEARCH$2\" -H 'content-type: application/json' \
         --data-binary @-; echo; }}\n"
    );
    for object in objects {
        let method = match object.kind {
            Kind::Saved(_) | Kind::Setting | Kind::Index => continue,
            Kind::Monitor => "POST",
            _ => "PUT",
        };
        // What is the user's own is made once; that it is there already is no failure.
        let (once, rest) = if object.create_only { ("?create=true", " || true") } else { ("", "") };
        let (path, body) = (store::path(object), object.marked());
        out.push_str(&format!("send {method} '{path}{once}' <<'CORRELOG'{rest}\n{body}\nCORRELOG\n"));
    }
    let saved = saved(objects);
    if !saved.is_empty() {
        out.push_str("file=$(mktemp --suffix=.ndjson)\ncat > \"$file\" <<'CORRELOG'\n");
        out.push_str(&saved);
        out.push_str(
            "CORRELOG\ncurl -fsS ${CURL_OPTS:-} -H 'osd-xsrf: true' -F \"file=@$file\" \
             \"$DASHBOARDS/api/saved_objects/_import?overwrite=true\"; echo\nrm \"$file\"\n",
        );
    }
    out
}
