//! Answers are made smaller where that pays, and say the same.

use rollcall::config::Config;
use rollcall_http::client_address::TrustedProxies;
use rollcall_testkit::{Answer, TestServer};

#[tokio::test(flavor = "multi_thread")]
async fn long_answers_go_to_far_clients_compressed_if_they_take_it() {
    let mut config = Config::default();
    config.wire.proxies = TrustedProxies::new(vec!["127.0.0.0/8".parse().unwrap()]);
    config.wire.rate_calls = 100;
    config.wire.origins = rollcall_http::cors::AllowedOrigins::parse(&["https://chat.example"]).unwrap();
    let server = TestServer::with(config).await;
    for _ in 0..20 {
        server.admin().await;
    }
    let near = server.elevated_admin().await;
    let far =
        server.caller().with_credentials(&near.user_id, &near.token).with("x-forwarded-for", "198.51.100.7");
    let far = far.with_code(rollcall_testkit::PASSWORD);
    let plain = far.get("sessions/list.all").await;
    assert!(plain.status == 200 && plain.text.len() > 4096, "{plain:?}");
    let encoding = |answer: &Answer| (answer.header("content-encoding").to_owned(), varies(answer));
    assert_eq!(encoding(&plain), (String::new(), vec!["Accept-Encoding".to_owned()]));
    let gzip = far.with("accept-encoding", "gzip, deflate, br");
    let smaller = gzip.get("sessions/list.all").await;
    assert_eq!(encoding(&smaller), ("gzip".into(), vec!["Accept-Encoding".into()]));
    assert_eq!((smaller.status, &smaller.body), (200, &plain.body));
    let sent: usize = smaller.header("content-length").parse().unwrap();
    assert!(sent * 4 < plain.text.len(), "{sent} of {}", plain.text.len());
    // Caches have to know of both reasons.
    let of_a_page = gzip.with("origin", "https://chat.example").get("sessions/list.all").await;
    assert_eq!(varies(&of_a_page), ["Accept-Encoding", "Origin"]);
    let short = gzip.get("me").await;
    assert_eq!((short.status, encoding(&short)), (200, (String::new(), vec![])));
    let here = near.with("accept-encoding", "gzip").get("sessions/list.all").await;
    assert_eq!((here.status, encoding(&here)), (200, (String::new(), vec![])));
}

fn varies(answer: &Answer) -> Vec<String> {
    let mut by: Vec<_> =
        answer.headers.get_all("vary").iter().map(|value| value.to_str().unwrap().to_owned()).collect();
    by.sort_unstable();
    by
}
