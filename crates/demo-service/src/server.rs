//! Listening, telling where, and ending: SIGTERM or SIGINT stops new requests, lets the running ones end, and
//! returns.

use std::{io::Write, net::SocketAddr, path::Path, time::Duration};

use axum::Router;
use correlog::http::ServerLayer;
use tokio::net::TcpListener;

use crate::cli::Options;

/// What the last spans and lines may take.
pub const FLUSH: Duration = Duration::from_secs(5);

/// What running requests may take once the end was asked for.
const DRAIN: Duration = Duration::from_secs(20);

/// # Errors
/// The address cannot be listened on, or the address file cannot be written.
pub async fn serve(router: Router, options: &Options, default: SocketAddr) -> Result<(), String> {
    let listen = options.listen.unwrap_or(default);
    let listener =
        TcpListener::bind(listen).await.map_err(|error| format!("cannot listen on {listen}: {error}"))?;
    let address = listener.local_addr().map_err(|error| format!("no local address: {error}"))?;
    // The handlers are in place before anyone can know the address and ask for the end.
    let end = end().map_err(|error| format!("cannot wait for signals: {error}"))?;
    tell(address, options)?;
    tracing::info!(server.address = %address.ip(), server.port = address.port(), "listening");

    let (ending, ended) = tokio::sync::oneshot::channel();
    let served =
        axum::serve(listener, router.layer(ServerLayer::axum())).with_graceful_shutdown(async move {
            end.await;
            tracing::info!("ending: no new requests");
            let _ = ending.send(());
        });
    let limit = async {
        // An error means that serving has ended by itself.
        if ended.await.is_ok() {
            tokio::time::sleep(DRAIN).await;
        } else {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        served = served => served.map_err(|error| format!("serving failed: {error}"))?,
        () = limit => tracing::warn!("requests were still running after {DRAIN:?}"),
    }
    tracing::info!("ended");
    Ok(())
}

/// Resolves at the first SIGTERM or SIGINT.
fn end() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

fn tell(address: SocketAddr, options: &Options) -> Result<(), String> {
    if let Some(file) = &options.address_file {
        write_whole(file, &format!("{address}\n"))
            .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    }
    // On standard error, because standard output may be the log.
    say(&mut std::io::stderr(), &format!("listening on http://{address}"));
    Ok(())
}

/// Renamed into place, so that whoever waits for the file never reads half of it.
fn write_whole(file: &Path, text: &str) -> std::io::Result<()> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(".new");
    std::fs::write(&beside, text)?;
    std::fs::rename(&beside, file)
}

/// A message to a person. A closed terminal is no reason to fail.
pub fn say(to: &mut dyn Write, text: &str) {
    let _ = to.write_all(format!("{text}\n").as_bytes());
}
