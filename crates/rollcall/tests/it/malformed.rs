//! What is odd by its meaning: filters, sorts, credentials, addresses and names; and senders that are too slow.
//! What is wrong by its form is generated from the declarations, in `tests/process/bad_input`.

use crate::nodes;
use rollcall::config::Config;
use rollcall_http::client_address::TrustedProxies;
use rollcall_model::limits;
use rollcall_testkit::{Answer, Caller, PASSWORD, Socket, TestServer, sha256};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

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
async fn numbers_of_any_form_are_numbers() {
    let server = TestServer::start().await;
    let admin = server.elevated_admin().await;
    for query in
        ["count=1e9", "count=1e400", "count=1.5", "count=%31", "offset=99999999999999999999", "", "&", "&&"]
    {
        assert_eq!(admin.get(&format!("sessions/list.all?{query}")).await.status, 200, "{query}");
    }
}

/// Time that passes only while nobody has anything to do: what takes half a minute is over at once.
#[tokio::test]
async fn who_sends_too_slowly_is_turned_away() {
    let server = TestServer::start().await;
    tokio::time::pause();
    let head =
        "POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n";
    for sent in ["", "POST", head] {
        let began = Instant::now();
        assert_eq!(raw(&server, sent.as_bytes()).await, "", "{sent:?} is half a head");
        assert!((limits::HEAD_TIME..limits::HEAD_TIME * 2).contains(&began.elapsed()), "{sent:?}");
    }
    for body in ["", "{", "{\"user\""] {
        let began = Instant::now();
        let answer = raw(&server, format!("{head}\r\n{body}").as_bytes()).await;
        let body = "{\"success\":false,\"error\":\"Request body took too long\"}";
        assert!(answer.starts_with("HTTP/1.1 408 ") && answer.ends_with(body), "{answer}");
        assert!(answer.contains("connection: close"), "{answer}");
        assert!((limits::BODY_TIME..limits::BODY_TIME * 2).contains(&began.elapsed()));
    }
    // A connection that is kept for later is not kept for ever.
    let began = Instant::now();
    let good = "GET /api/v1/info HTTP/1.1\r\nhost: x\r\n\r\n";
    assert!(raw(&server, good.as_bytes()).await.starts_with("HTTP/1.1 200 "));
    assert!((limits::HEAD_TIME..limits::HEAD_TIME * 2).contains(&began.elapsed()));
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_filters_and_sorts_are_answered() {
    let server = TestServer::start().await;
    let admin = server.elevated_admin().await;
    let long = "(".repeat(256);
    let stars = "a*".repeat(128);
    for filter in [
        "(a+)+$",
        "[a&&b]*",
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

/// PostgreSQL keeps no NUL and SQLite does: nobody can tell by it which one there is.
#[tokio::test(flavor = "multi_thread")]
async fn a_nul_in_any_text_is_refused_on_either_store_or_is_nobodys() {
    for server in [TestServer::on_its_directory().await, TestServer::one_of_several(nodes::config()).await] {
        let admin = server.elevated_admin().await;
        let id = server.user("zoe").await;
        let with = |name: &str, value: Value| {
            let mut user = json!({ "username": "ann", "name": "Ann", "email": "ann@example.test", "password": PASSWORD });
            user[name] = value;
            user
        };
        let nul = "a\0b";
        for (name, value) in [
            ("username", json!(nul)),
            ("name", json!(nul)),
            ("email", json!("a\0@example.test")),
            ("bio", json!(nul)),
            ("nickname", json!(nul)),
            ("statusText", json!(nul)),
            ("roles", json!([nul])),
        ] {
            let made = admin.post("users.create", &with(name, value.clone())).await;
            assert_eq!(made.status, 400, "{name}: {made:?}");
            let update = json!({ "userId": id, "data": { name: value } });
            let changed = admin.post("users.update", &update).await;
            assert_eq!(changed.status, 400, "{name}: {changed:?}");
        }
        // JSON of the user's own, kept as text in which a NUL is written out.
        let made = admin.post("users.create", &with("customFields", json!({ nul: nul }))).await;
        assert_eq!(made.status, 200, "{made:?}");
        let fields = &admin.get("users.info?username=ann").await.body["user"]["customFields"];
        assert_eq!(*fields, json!({ nul: nul }));
        let token = json!({ "tokenName": nul });
        assert_eq!(admin.post("users.generatePersonalAccessToken", &token).await.status, 400);
        for path in [
            "users.info?username=a%00b",
            "users.info?userId=a%00b",
            "users.list?sort=%00",
            "sessions/list.all?filter=%00",
        ] {
            assert_eq!(admin.get(path).await.status, 400, "{path}");
        }
        for login in [
            json!({ "user": nul, "password": PASSWORD }),
            json!({ "user": "zoe", "password": nul }),
            json!({ "user": { "username": nul }, "password": PASSWORD }),
            json!({ "user": { "email": "a\0@example.test" }, "password": PASSWORD }),
            json!({ "user": "a\0@example.test", "password": PASSWORD }),
            json!({ "username": nul, "password": PASSWORD }),
            json!({ "email": nul, "password": PASSWORD }),
            json!({ "resume": nul }),
        ] {
            let answer = server.caller().post("login", &login).await;
            assert_eq!(
                (answer.status, &answer.body["error"]),
                (401, &json!("Unauthorized")),
                "{login}: {answer:?}"
            );
        }
        let code = json!({ "emailOrUsername": nul });
        assert_eq!(server.caller().post("users.2fa.sendEmailCode", &code).await.status, 400);
        let mut socket = Socket::connect(server.address).await;
        for user in [json!({ "username": nul }), json!({ "email": nul })] {
            let login =
                json!({ "user": user, "password": { "digest": sha256(PASSWORD), "algorithm": "sha-256" } });
            let answer = socket.call("login", json!([login])).await;
            assert_eq!(answer["error"]["error"], 403, "{answer}");
        }
        stands(&admin, "NUL").await;
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
