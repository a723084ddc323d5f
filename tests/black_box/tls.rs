//! TLS against a real nginx in front of the node: twelve bad servers get nothing, neither as the only address nor as
//! one of two; the good one takes everything, with basic authentication. One that wants a client certificate gets it.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use correlog_tests::child::run;
use correlog_tests::place::Place;
use correlog_tests::wait::until;

/// A server's certificate: its name, its issuer, its alternative name, its times, an extension.
type Leaf = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

const PAST: &str = "20250101000000Z";
const FUTURE: &str = "20990101000000Z";
const LEAVES: [Leaf; 11] = [
    ("good", "ca", "DNS:localhost", PAST, FUTURE, ""),
    ("expired", "ca", "DNS:localhost", PAST, "20250201000000Z", ""),
    ("not-yet", "ca", "DNS:localhost", "20980101000000Z", FUTURE, ""),
    ("wrong-host", "ca", "DNS:elsewhere.example", PAST, FUTURE, ""),
    ("wrong-ca", "other", "DNS:localhost", PAST, FUTURE, ""),
    ("no-name", "ca", "", PAST, FUTURE, ""),
    ("client-only", "ca", "DNS:localhost", PAST, FUTURE, "extendedKeyUsage=clientAuth"),
    ("wildcard", "ca", "DNS:*.localhost", PAST, FUTURE, ""),
    ("by-leaf", "good", "DNS:localhost", PAST, FUTURE, ""),
    ("client", "ca", "DNS:shipper", PAST, FUTURE, "extendedKeyUsage=clientAuth"),
    ("stranger", "other", "DNS:shipper", PAST, FUTURE, "extendedKeyUsage=clientAuth"),
];

/// Every server; those that are not in `LEAVES` are bad in another way, but for the second one. Old protocols have a
/// good certificate.
const SERVERS: [&str; 14] = [
    "good",
    "mutual",
    "expired",
    "not-yet",
    "wrong-host",
    "wrong-ca",
    "no-name",
    "client-only",
    "wildcard",
    "by-leaf",
    "self-signed",
    "tls-1.1",
    "tls-1.0",
    "plain",
];

/// nginx with all servers; it ends with the value.
struct Nginx {
    dir: PathBuf,
    ports: Vec<u16>,
}

impl Nginx {
    fn start(dir: &Path, backend: &str) -> Self {
        std::fs::create_dir_all(dir.join("db")).expect("a directory");
        certificates(dir);
        let ports: Vec<u16> = SERVERS.iter().map(|_| free_port()).collect();
        std::fs::write(dir.join("nginx.conf"), configuration(dir, backend, &ports))
            .expect("it can be written");
        let nginx = Self { dir: dir.to_owned(), ports };
        nginx.command(&[]);
        until("nginx listens", 20, || std::net::TcpStream::connect(("127.0.0.1", nginx.ports[0])).ok());
        nginx
    }

    fn command(&self, words: &[&str]) {
        let mut command = Command::new("nginx");
        command.arg("-p").arg(&self.dir).arg("-c").arg(self.dir.join("nginx.conf")).args(words);
        run(&mut command).expect(0);
    }

    fn url(&self, server: &str) -> String {
        let at = SERVERS.iter().position(|name| *name == server).expect("a server of the list");
        let host = if server == "good" { "https://localhost" } else { "https://LOCALHOST" };
        format!("{}:{}", host.to_lowercase(), self.ports[at])
    }

    /// Whether a whole request reached this server.
    fn was_asked(&self, server: &str) -> bool {
        let log = std::fs::read_to_string(self.dir.join(format!("{server}.log"))).unwrap_or_default();
        log.contains("HTTP/1.1")
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        self.command(&["-s", "stop"]);
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    listener.expect("a free port").port()
}

fn openssl(dir: &Path, words: &[&str]) {
    run(Command::new("openssl").current_dir(dir).args(words)).expect(0);
}

const KEY: [&str; 5] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

fn certificates(dir: &Path) {
    let config = "[ca]\ndefault_ca=d\n[d]\nnew_certs_dir=db\ndatabase=db/index.txt\nrand_serial=yes\n\
                  default_md=sha256\npolicy=p\ncopy_extensions=copy\nunique_subject=no\n[p]\ncommonName=supplied\n";
    std::fs::write(dir.join("ca.cnf"), config).expect("it can be written");
    std::fs::write(dir.join("db/index.txt"), "").expect("it can be written");
    for (name, subject, extension) in [
        ("ca", "/CN=ca", "basicConstraints=critical,CA:TRUE"),
        ("other", "/CN=other", "basicConstraints=critical,CA:TRUE"),
        ("self-signed", "/CN=localhost", "subjectAltName=DNS:localhost"),
    ] {
        let (key, pem) = (format!("{name}.key"), format!("{name}.pem"));
        let own = [
            "req", "-x509", "-days", "30", "-subj", subject, "-addext", extension, "-keyout", &key, "-out",
            &pem,
        ];
        openssl(dir, &[&own[..], &KEY].concat());
    }
    for (name, issuer, alternative, start, end, extension) in LEAVES {
        let file = |end: &str| format!("{name}.{end}");
        let (key, request, pem) = (file("key"), file("csr"), file("pem"));
        let alternative = format!("subjectAltName={alternative}");
        let mut words = vec!["req", "-subj", "/CN=localhost", "-keyout", &key, "-out", &request];
        words.extend(KEY);
        for extension in
            [&alternative, extension].into_iter().filter(|text| !text.is_empty() && !text.ends_with('='))
        {
            words.extend(["-addext", extension]);
        }
        openssl(dir, &words);
        let (issuer_pem, issuer_key) = (format!("{issuer}.pem"), format!("{issuer}.key"));
        let sign =
            ["ca", "-batch", "-notext", "-config", "ca.cnf", "-cert", &issuer_pem, "-keyfile", &issuer_key];
        let of = ["-in", &request, "-out", &pem, "-startdate", start, "-enddate", end];
        openssl(dir, &[&sign[..], &of].concat());
    }
}

fn configuration(dir: &Path, backend: &str, ports: &[u16]) -> String {
    let at = dir.display();
    // `user` with the password `sesame`.
    std::fs::write(dir.join("users"), "user:{PLAIN}sesame\n").expect("it can be written");
    let mut text = format!(
        "user root; worker_processes 1; pid {at}/nginx.pid; error_log {at}/error.log; events {{}}\nhttp {{ \
         client_max_body_size 64m; client_body_temp_path {at}/b; proxy_temp_path {at}/p; fastcgi_temp_path {at}/f; \
         uwsgi_temp_path {at}/u; scgi_temp_path {at}/s;\n"
    );
    for (server, port) in SERVERS.iter().zip(ports) {
        let certificate = if LEAVES.iter().any(|leaf| leaf.0 == *server) || *server == "self-signed" {
            server
        } else {
            "good"
        };
        let tls = match *server {
            "plain" => String::new(),
            "tls-1.1" => "ssl_protocols TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0; ".to_owned(),
            "tls-1.0" => "ssl_protocols TLSv1; ssl_ciphers ALL:@SECLEVEL=0; ".to_owned(),
            _ => "ssl_protocols TLSv1.2 TLSv1.3; ".to_owned(),
        };
        let ssl = if *server == "plain" { "" } else { " ssl" };
        let mutual = match *server {
            "mutual" => format!("ssl_client_certificate {at}/ca.pem; ssl_verify_client on; "),
            _ => String::new(),
        };
        let _ = writeln!(
            text,
            "server {{ listen 127.0.0.1:{port}{ssl}; {tls}{mutual}ssl_certificate {at}/{certificate}.pem; \
             ssl_certificate_key {at}/{certificate}.key; access_log {at}/{server}.log; location / {{ \
             auth_basic correlog; auth_basic_user_file {at}/users; proxy_pass {backend}; }} }}"
        );
    }
    text + "}\n"
}

/// Two lines of two days, so that there are two requests and each of two addresses has its turn.
fn configure(place: &Place, urls: &[String], more: &str) {
    use std::os::unix::fs::PermissionsExt;
    let password = place.write("password", "sesame\n");
    std::fs::set_permissions(password, std::fs::Permissions::from_mode(0o600)).expect("its mode");
    place.write("logs/a.log", "{\"time\":\"2026-11-20T10:00:00Z\",\"msg\":\"one\"}\n{\"time\":\"2026-11-21T10:00:00Z\",\"msg\":\"two\"}\n");
    let text = format!(
        "[opensearch]\nurls = {urls:?}\nusername = \"user\"\npassword_file = \"password\"\nca_file = \"tls/ca.pem\"\n{more}\
         [index]\nlogs = \"{0}-logs\"\nworkflow = \"{0}-workflow\"\nrequire_template = false\n[state]\ndir = \"state\"\n\
         [host]\nid = \"test-host\"\n[[logs]]\npaths = [\"logs/*.log\"]\n",
        place.prefix
    );
    place.write("correlog.toml", text);
    let _ = std::fs::remove_dir_all(place.path("state"));
}

#[test]
fn twelve_bad_servers_get_nothing_and_the_good_one_everything() {
    let place = Place::at("tls", correlog_tests::node_url());
    let nginx = Nginx::start(&place.path("tls"), &place.url);
    let bad: Vec<&str> = SERVERS.into_iter().filter(|server| !["good", "mutual"].contains(server)).collect();
    assert_eq!(bad.len(), 12);
    for server in &bad {
        configure(&place, &[nginx.url(server)], "");
        let ended = place.correlog(&["ship", "--once", "--timeout", "1"]);
        assert_eq!(ended.code, Some(1), "{server}: {}", ended.stderr);
        assert!(!ended.stderr.contains("sesame"), "{server}: the password is said");
        assert!(!nginx.was_asked(server), "{server} was sent a request");
    }
    assert_eq!(place.count(), 0, "nothing is stored through any of them");
    for server in &bad {
        configure(&place, &[nginx.url("good"), nginx.url(server)], "");
        place.ship_once().expect(0);
        assert!(!nginx.was_asked(server), "{server} was sent a request");
    }
    assert_eq!(place.count(), 2, "through the good one, with basic authentication, each line once");
}

#[test]
fn a_server_that_wants_a_client_certificate_gets_ours_and_takes_no_other() {
    let place = Place::at("mutual", correlog_tests::node_url());
    let nginx = Nginx::start(&place.path("tls"), &place.url);
    let with =
        |name: &str| format!("client_cert_file = \"tls/{name}.pem\"\nclient_key_file = \"tls/{name}.key\"\n");
    for more in [String::new(), with("stranger")] {
        configure(&place, &[nginx.url("mutual")], &more);
        let ended = place.correlog(&["ship", "--once", "--timeout", "1"]);
        assert_eq!(ended.code, Some(1), "{more}: {}", ended.stderr);
    }
    assert_eq!(place.count(), 0, "nothing is stored without the right certificate");
    configure(&place, &[nginx.url("mutual")], &with("client"));
    place.correlog(&["setup", "apply"]).expect(0);
    place.ship_once().expect(0);
    assert_eq!(place.count(), 2, "with it, and with basic authentication, each line once");
    place.correlog(&["verify"]).expect(0);
}
