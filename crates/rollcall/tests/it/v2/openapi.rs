//! The document and its page, for anybody.

use rollcall_testkit::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn anybody_reads_the_document_and_its_page() {
    let server = TestServer::start().await;
    let nobody = server.caller();
    let document = nobody.send(nobody.request("GET", "/api/openapi.json")).await;
    assert_eq!((document.status, document.header("content-type")), (200, "application/json"));
    assert_eq!(&document.body, rollcall_http::document());
    let small = nobody.with("accept-encoding", "gzip");
    let small = small.send(small.request("GET", "/api/openapi.json")).await;
    assert_eq!((small.header("content-encoding"), &small.body), ("gzip", &document.body));

    let page = nobody.send(nobody.request("GET", "/api/reference")).await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.header("content-security-policy").starts_with("default-src 'none'; style-src 'self';"));
    let style = nobody.send(nobody.request("GET", "/api/reference.css")).await;
    assert_eq!((style.status, style.header("content-type")), (200, "text/css; charset=utf-8"));
    let other = nobody.send(nobody.request("POST", "/api/openapi.json")).await;
    assert_eq!(other.status, 405);
}
