//! The console's page and files, for anybody. What is on them is tested in a browser (`web/e2e`).

use rollcall_testkit::{Caller, TestServer};
use std::path::Path;

fn is_built() -> bool {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/dist/index.html").exists()
}

/// A browser that opens an address.
fn browser(server: &TestServer) -> Caller {
    server.caller().with("accept", "text/html,application/xhtml+xml,*/*;q=0.8")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_gets_the_page_at_every_address_and_a_program_is_told_that_there_is_nothing() {
    let server = TestServer::start().await;
    let (browser, program) = (browser(&server), server.caller());
    for path in ["/", "/sessions", "/sessions/abc", "/people?q=zoe"] {
        let page = browser.send(browser.request("GET", path)).await;
        assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"), "{path}");
        assert_eq!(page.header("cache-control"), "no-cache");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        let policy = page.header("content-security-policy");
        for rule in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"] {
            assert!(policy.contains(rule), "{rule} in {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
    }
    assert_eq!(program.send(program.request("GET", "/")).await.status, 200);
    for (path, who) in [("/sessions", &program), ("/api/v2/nothing", &browser), ("/api/", &browser)] {
        assert_eq!(who.send(who.request("GET", path)).await.status, 404, "{path}");
    }
    for path in ["/../Cargo.toml", "/%2e%2e/Cargo.toml", "/index.html.br"] {
        assert_eq!(program.send(program.request("GET", path)).await.status, 404, "{path}");
    }
    assert_eq!(browser.send(browser.request("POST", "/sessions")).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_kept_for_good_and_come_compressed_to_who_takes_it() {
    let server = TestServer::start().await;
    let browser = browser(&server);
    if !is_built() {
        let page = browser.send(browser.request("GET", "/")).await;
        assert!(
            page.text.contains("cargo xtask web"),
            "where it is not built the page says how: {}",
            page.text
        );
        return;
    }
    let page = browser.send(browser.request("GET", "/")).await;
    let (_, script) = page.text.split_once("src=\"").unwrap();
    let (script, _) = script.split_once('"').unwrap();
    let whole = browser.send(browser.request("GET", script)).await;
    assert_eq!((whole.status, whole.header("content-type")), (200, "text/javascript; charset=utf-8"));
    assert_eq!(whole.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(whole.header("content-encoding"), "");
    for (taken, coding) in [("gzip", "gzip"), ("gzip, br", "br"), ("br;q=0, gzip", "gzip"), ("deflate", "")] {
        let encoded = browser.with("accept-encoding", taken);
        // Of what is unpacked on the way it has to be all.
        let method = if coding == "gzip" { "GET" } else { "HEAD" };
        let file = encoded.send(encoded.request(method, script)).await;
        assert_eq!(file.header("content-encoding"), coding, "{taken}");
        assert!(file.header("vary").contains("accept-encoding"), "{taken}: {}", file.header("vary"));
    }
    let again = browser.with("if-none-match", page.header("etag"));
    let again = again.send(again.request("GET", "/")).await;
    assert_eq!((again.status, &*again.text), (304, ""));
    let missing = server.caller();
    assert_eq!(missing.send(missing.request("GET", "/assets/none.js")).await.status, 404);
}
