//! Whatever is sent, the answer is a refusal that says what is wrong, the next request works, and the process
//! stands.

use rollcall::config::Config;
use rollcall_http::client_address::TrustedProxies;
use rollcall_testkit::{Answer, Caller, PASSWORD, TestServer};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends bytes as they are, and goes away in the middle.
async fn half_sent(server: &TestServer, bytes: &str) {
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    socket.write_all(bytes.as_bytes()).await.unwrap();
}

/// Sends bytes as they are, and gives all that comes back until the server closes.
async fn raw(server: &TestServer, bytes: &[u8]) -> String {
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    // The server may refuse and close before it has read everything.
    let _ = socket.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

async fn stands(admin: &Caller, what: &str) {
    assert_eq!(admin.get("me").await.status, 200, "after {what}");
}

fn assert_refused(answer: &Answer, status: u16, error_type: &str, what: &str) {
    let got = (answer.status, answer.body["errorType"].as_str().unwrap_or_default());
    assert_eq!(got, (status, error_type), "{what}: {answer:?}");
    assert_eq!(answer.body["success"], false, "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_of_every_wrong_form_are_refused() {
    let server = TestServer::start().await;
    let admin = server.elevated_admin().await;
    let long = "x".repeat(257);
    for query in [
        "count=abc",
        "count=",
        "count=-1",
        "count=-1e300",
        "count=0x10",
        "count=1,5",
        "count=true",
        "count=1&count=1",
        "offset=-1",
        "offset=%00",
        "offset[]=1",
        "offset[a]=1",
        "filter=a&filter=b",
        "filter[]=a",
        "filter=a%00b",
        &format!("filter={long}"),
        "Filter=a",
        "filter%5B%5D=a",
        "query={}",
        "fields={}",
        "=",
        "=&=",
        "%",
        "&&x",
    ] {
        let answer = admin.get(&format!("sessions/list.all?{query}")).await;
        assert_refused(&answer, 400, "error-invalid-params", query);
        stands(&admin, query).await;
    }
    for query in
        ["count=1e9", "count=1e400", "count=1.5", "count=%31", "offset=99999999999999999999", "", "&", "&&"]
    {
        assert_eq!(admin.get(&format!("sessions/list.all?{query}")).await.status, 200, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_filters_and_sorts_are_answered() {
    let server = TestServer::start().await;
    let admin = server.elevated_admin().await;
    let long = "(".repeat(256);
    let stars = "a*".repeat(128);
    for filter in [
        "(a+)+$",
        "(x{100}){100}",
        "[",
        "\\",
        "(?i",
        "(?P<",
        "*",
        "+",
        "a{999999999}",
        "\\p{",
        "(?-u)\\xff",
        "(?x) # a",
        ")(",
        "\u{0130}",
        "\u{212A}",
        "%zz",
        "%",
        "a%",
        "\r\n",
        "\u{feff}",
        "'; DROP TABLE users; --",
        &long,
        &stars,
        &"🦀".repeat(256),
    ] {
        let request = admin.request("GET", "/api/v1/sessions/list.all").query(&[("filter", filter)]);
        let answer = admin.send(request).await;
        assert_eq!(answer.status, 200, "{filter}: {answer:?}");
    }
    // A broken escape stays as typed.
    assert_eq!(admin.get("sessions/list.all?filter=%zz").await.body["total"], 0);
    for sort in ["x", "[", "{\"loginAt\":", "{\"loginAt\":1e400}", "null", "{\"\":1}x", "{\"loginAt\":{}}"] {
        let request = admin.request("GET", "/api/v1/sessions/list.all").query(&[("sort", sort)]);
        assert_refused(&admin.send(request).await, 400, "error-invalid-sort", sort);
    }
    let deep = format!("{}1{}", "[".repeat(499), "]".repeat(499));
    let request = admin.request("GET", "/api/v1/sessions/list.all").query(&[("sort", &deep)]);
    assert_refused(&admin.send(request).await, 400, "error-invalid-sort", "deep");
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_every_wrong_form_are_refused() {
    let server = TestServer::start().await;
    let admin = server.elevated_admin().await;
    let deep = format!("{{\"sessionId\":{}", "[".repeat(100_000));
    for body in [
        "{",
        "}",
        "nul",
        "{\"sessionId\":\"\\ud800\"}",
        "{\"sessionId\":\"a\"} {}",
        "{'sessionId':'a'}",
        "\u{feff}{}",
        "\"",
        &deep,
    ] {
        let answer = admin.post_raw("sessions/logout", "application/json", body.to_owned()).await;
        assert_refused(&answer, 400, "invalid-params", body.get(..30).unwrap_or(body));
        assert_eq!(answer.body["error"], "Invalid JSON body");
        stands(&admin, "a broken body").await;
    }
    let invalid_utf8 = admin.post_raw("sessions/logout", "application/json", vec![b'{', 0xff, b'}']).await;
    assert_refused(&invalid_utf8, 400, "invalid-params", "no UTF-8");
    for value in
        [json!(null), json!(1), json!(1.5), json!(true), json!([]), json!(["a"]), json!({}), json!("\0")]
    {
        let answer = admin.post("sessions/logout", &json!({ "sessionId": value })).await;
        assert_refused(&answer, 400, "invalid-params", &value.to_string());
    }
    for body in [
        json!([]),
        json!("text"),
        json!(7),
        json!(null),
        json!({}),
        json!({ "sessionid": "a" }),
        json!({ "sessionId": "a", "other": 1 }),
    ] {
        assert_refused(&admin.post("sessions/logout", &body).await, 400, "invalid-params", &body.to_string());
    }
    let doubled = r#"{"sessionId":"a","sessionId":"a"}"#;
    let answer = admin.post_raw("sessions/logout", "application/json", doubled).await;
    assert_refused(&answer, 400, "invalid-params", doubled);
    for content_type in
        ["text/plain", "application/xml", "multipart/form-data; boundary=x", "💥", "application/jso"]
    {
        let answer = admin.post_raw("sessions/logout", content_type, r#"{"sessionId":"a"}"#).await;
        assert_refused(&answer, 400, "invalid-params", content_type);
    }
    for content_type in ["application/json", "Application/JSON; charset=utf-8", "application/json;;;"] {
        let answer = admin.post_raw("sessions/logout", content_type, r#"{"sessionId":"a"}"#).await;
        assert_eq!(answer.status, 404, "{content_type}");
    }
    assert_eq!(
        admin.post_raw("sessions/logout", "application/x-www-form-urlencoded", "sessionId=a").await.status,
        404
    );
    assert_refused(
        &admin.post_raw("sessions/logout", "text/plain", "").await,
        400,
        "invalid-params",
        "empty",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_may_be_a_mebibyte_and_not_a_byte_more() {
    let server = TestServer::start().await;
    let admin = server.elevated_admin().await;
    let body = |bytes: usize| {
        let around = r#"{"sessionId":""}"#.len();
        format!(r#"{{"sessionId":"{}"}}"#, "x".repeat(bytes - around))
    };
    let fits = admin.post_raw("sessions/logout", "application/json", body(1 << 20)).await;
    assert_refused(&fits, 400, "invalid-params", "a mebibyte");
    assert_eq!(fits.body["error"], "must NOT have more than 1000 characters");
    let over = admin.post_raw("sessions/logout", "application/json", body((1 << 20) + 1)).await;
    assert_eq!((over.status, &over.body["success"]), (413, &json!(false)));
    stands(&admin, "a body too long").await;
    // Without a length, it is noticed on the way.
    let chunk = format!("{:x}\r\n{}\r\n", 1 << 16, "x".repeat(1 << 16));
    let chunked = format!(
        "POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n{}0\r\n\r\n",
        chunk.repeat(17)
    );
    assert!(raw(&server, chunked.as_bytes()).await.starts_with("HTTP/1.1 413 "));
    stands(&admin, "a chunked body too long").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_are_too_large_or_broken_end_their_own_connection_only() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let large = format!("GET /api/v1/me HTTP/1.1\r\nhost: x\r\nx-large: {}\r\n\r\n", "x".repeat(70_000));
    assert!(raw(&server, large.as_bytes()).await.starts_with("HTTP/1.1 431 "));
    let many = format!("GET /api/v1/me HTTP/1.1\r\nhost: x\r\n{}\r\n", "a: b\r\n".repeat(300));
    assert!(raw(&server, many.as_bytes()).await.starts_with("HTTP/1.1 431 "));
    let long = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(100_000));
    assert!(raw(&server, long.as_bytes()).await.starts_with("HTTP/1.1 4"));
    for broken in [
        "GET / HTTP/9.9\r\n\r\n",
        "G\0T / HTTP/1.1\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}",
        "GET /api/v1/me HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
    ] {
        let answer = raw(&server, broken.as_bytes()).await;
        assert!(
            !answer.starts_with("HTTP/1.1 2") && !answer.starts_with("HTTP/1.1 5"),
            "{broken:?}: {answer}"
        );
        stands(&admin, broken).await;
    }
    for half in [
        "",
        "\r\n\r\n\r\n",
        "GET /api/v1/me HTTP/1.1\r\nhos",
        "POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{\"user\":",
        "POST /api/v1/login HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nffff\r\n{",
    ] {
        half_sent(&server, half).await;
        stands(&admin, half).await;
    }
    let pipelined = "GET /api/v1/info HTTP/1.1\r\nhost: x\r\n\r\n".repeat(19);
    let pipelined = pipelined + "GET /api/v1/info HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    assert_eq!(raw(&server, pipelined.as_bytes()).await.matches("HTTP/1.1 200 ").count(), 20);
    let head = "HEAD /api/v1/info HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let answer = raw(&server, head.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\n"), "{answer}");
    let with_body = "GET /api/v1/info HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 1\r\n\r\n{";
    assert!(raw(&server, with_body.as_bytes()).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_credentials_get_one_and_the_same_answer() {
    let server = TestServer::start().await;
    let other = server.user("zoe").await;
    let admin = server.admin().await;
    let (id, token) = (admin.user_id.as_str(), admin.token.as_str());
    let long = "x".repeat(10_000);
    let mut answers = Vec::new();
    for (id, token) in [
        (id, "x".repeat(43).as_str()),
        (id, &token[..42]),
        (id, &format!("{token}x")),
        (id, &token.to_uppercase()),
        (&other, token),
        ("", token),
        (id, ""),
        (&id.to_lowercase(), token),
        (id, &long),
        ("%00", "%00"),
        ("é", "é"),
        (id, "' OR 1=1 --"),
    ] {
        let answer = server.caller().with_credentials(id, token).get("me").await;
        answers.push((answer.status, answer.text));
        stands(&admin, token).await;
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].0, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_forwarding_headers_change_nothing() {
    let forged = |caller: Caller| {
        caller
            .with("x-forwarded-for", "198.51.100.7")
            .with("x-real-ip", "198.51.100.8")
            .with("forwarded", "for=198.51.100.9")
            .with("x-client-ip", "198.51.100.10")
    };
    let server = TestServer::with(Config::default()).await;
    server.user("zoe").await;
    let zoe = forged(server.caller()).sign_in("zoe", PASSWORD).await;
    let row = zoe.get("sessions/list").await.body["sessions"][0].clone();
    assert_eq!(row["ip"], "127.0.0.1");
    // Nor does another forged address get its own ten calls.
    for n in 0..10 {
        assert_eq!(zoe.with("x-forwarded-for", &format!("198.51.100.{n}")).get("me").await.status, 200);
    }
    assert_eq!(zoe.with("x-forwarded-for", "198.51.100.77").get("me").await.status, 429);

    let mut config = Config::default();
    config.wire.proxies = TrustedProxies::new(vec!["127.0.0.0/8".parse().unwrap()]);
    let server = TestServer::with(config).await;
    server.user("zoe").await;
    for (n, (header, ip)) in [
        ("203.0.113.5, 198.51.100.7", "198.51.100.7"),
        ("203.0.113.5, 198.51.100.7, 127.0.0.9", "198.51.100.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("[2001:db8::7]:99", "2001:db8::7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("rubbish", "127.0.0.1"),
        ("", "127.0.0.1"),
    ]
    .into_iter()
    .enumerate()
    {
        server.clock.advance(std::time::Duration::from_secs(61));
        let zoe = server.caller().with("x-forwarded-for", header).sign_in("zoe", PASSWORD).await;
        let rows = zoe.get("sessions/list?count=1").await.body;
        assert_eq!((&rows["sessions"][0]["ip"], &rows["total"]), (&json!(ip), &json!(n + 1)), "{header}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_agents_hosts_and_names_are_data() {
    let server = TestServer::start().await;
    let admin = server.elevated_admin().await;
    let name = "<script>alert(\"1\")</script>\\ \u{202e}\u{7} 王 🦀";
    let body = json!({ "username": "odd", "name": name, "email": "odd@example.test", "password": PASSWORD });
    assert_eq!(admin.post("users.create", &body).await.body["user"]["name"], name);
    let long = "x".repeat(10_000);
    for agent in ["\"quoted\" \\ <b>", "Mozilla/5.0 \t tab", "é\u{80}ÿ", &long, "=1+1", ""] {
        let _ = server.caller().with("user-agent", agent).sign_in("odd", PASSWORD).await;
    }
    let request = server.caller().request("POST", "/api/v1/login").header("host", "<host>\"'&");
    let answer = server.caller().send(request.json(&json!({ "user": "odd", "password": PASSWORD }))).await;
    assert!(answer.status == 200 || answer.status == 400);
    let page = admin.get("sessions/list.all?filter=odd").await;
    let rows = page.body["sessions"].as_array().unwrap();
    assert!(rows.len() >= 6 && rows.iter().all(|row| row["_user"]["name"] == name));
    assert!(page.text.len() < 10_000, "what is kept of an agent is bounded");
    let body = json!({ "user": "odd", "password": PASSWORD }).to_string();
    let mut request =
        b"POST /api/v1/login HTTP/1.1\r\nhost: x\r\nconnection: close\r\nuser-agent: \x80\xff\xfe\r\n"
            .to_vec();
    let rest = format!("content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    request.extend_from_slice(rest.as_bytes());
    assert!(raw(&server, &request).await.starts_with("HTTP/1.1 200 "));
    assert!(server.store.verify().await.unwrap().is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_types_in_every_field_of_a_new_user_are_refused() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let good = json!({ "username": "zoe", "name": "Zoe", "email": "zoe@example.test", "password": PASSWORD });
    let create = rollcall_http::declarations()
        .into_iter()
        .find(|endpoint| endpoint.routes[0].path.ends_with("users.create"))
        .unwrap();
    let mut requests = 0;
    for field in create.body {
        use rollcall_http::input::Kind;
        let values: &[Value] =
            &[json!(null), json!(1), json!("t"), json!(true), json!([1]), json!({ "a": 1 })];
        let fits = |value: &Value| match field.kind {
            Kind::Text(_) => value.is_string(),
            Kind::Boolean => value.is_boolean(),
            Kind::Object => value.is_object(),
            Kind::Number => value.is_number(),
            Kind::List | Kind::Any => false,
        };
        for value in values.iter().filter(|value| !fits(value)) {
            let mut body = good.clone();
            body[field.name] = value.clone();
            let answer = admin.post("users.create", &body).await;
            assert_refused(&answer, 400, "invalid-params", &body.to_string());
            requests += 1;
        }
    }
    assert!(requests > 60);
    assert_eq!(admin.post("users.create", &good).await.status, 200, "nothing was made by the refused ones");
}
