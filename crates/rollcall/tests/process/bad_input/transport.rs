//! For each route what can be wrong whatever its parameters are: bodies that are no JSON, lengths, types,
//! methods, paths, agents and hosts. And heads that are no HTTP.

use super::case::{Case, Expected, From, JSON, Target, exactly, four_words, not_json, plain, request};
use rollcall_http::endpoint::Method;
use rollcall_http::input::Unknown;
use rollcall_model::limits;
use serde_json::json;

pub fn cases(target: &Target) -> Vec<Case> {
    let mut cases = heads(target);
    cases.extend(methods(target));
    cases.extend(paths(target));
    if target.method() == "POST" {
        cases.extend(bodies(target));
        cases.extend(lengths(target));
        cases.extend(content_types(target));
    } else {
        let long = vec![b'{'; limits::BODY_BYTES + 1];
        for (what, body) in [("a body with GET", &b"{"[..]), ("a long body with GET", &long)] {
            let bytes = request(target.method(), &target.path(), &[JSON], body);
            let case = target.case(what, bytes, target.of_nothing());
            // It is not read, and what is long is not skipped either.
            cases.push(Case { may_end_connection: true, ..case });
        }
    }
    cases
}

/// A body of this type; parameters in the query are left out.
fn body(target: &Target, headers: &[(&str, &[u8])], body: &[u8], expected: Expected) -> Case {
    let what = format!("{:?}", String::from_utf8_lossy(&body[..body.len().min(40)]));
    target.case(&what, request(target.method(), &target.path(), headers, body), expected)
}

fn bodies(target: &Target) -> Vec<Case> {
    let mut cases = Vec::new();
    for text in [
        "{",
        "}",
        "[",
        "\"",
        "{} {}",
        "{}]",
        "nul",
        "{'a':1}",
        "{a:1}",
        "{\"a\":1,}",
        "{\"a\"}",
        "\u{feff}{}",
        "\0",
        "{}\0",
        "<xml/>",
        "NaN",
        "-",
        "01",
        "/**/{}",
        " ",
    ] {
        cases.push(body(target, &[JSON], text.as_bytes(), target.of_no_json()));
    }
    for bytes in [&b"{\"\xff\":1}"[..], b"\xff\xfe{\x00}\x00", b"\x1f\x8b\x08"] {
        cases.push(body(target, &[JSON], bytes, target.of_no_json()));
    }
    for opening in ["[", "{\"a\":", "{\"a\":["] {
        cases.push(body(target, &[JSON], opening.repeat(100_000).as_bytes(), target.of_no_json()));
    }
    let balanced = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for text in ["null", "true", "7", "\"{}\"", "[]", "[{}]", &balanced] {
        cases.push(body(target, &[JSON], text.as_bytes(), target.of_body("must be object")));
    }
    let bomb = bomb(limits::BODY_BYTES);
    for encoding in ["gzip", "deflate", "br", "gzip, gzip", "identity", "\u{1f4a5}"] {
        let encoded = ("Content-Encoding", encoding.as_bytes());
        let mut case = body(target, &[JSON, encoded], &bomb, target.of_no_json());
        case.what = format!("{}, a bomb said to be {encoding}", case.what);
        cases.push(case);
    }
    cases
}

/// So much gzip that would be 158 times as much zeros.
fn bomb(bytes: usize) -> Vec<u8> {
    let mut gzip = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    let (mut bits, mut filled) = (0_u64, 0);
    let mut put = |gzip: &mut Vec<u8>, value: u64, length: u32| {
        bits |= value << filled;
        filled += length;
        while filled >= 8 {
            gzip.push((bits & 0xff) as u8);
            bits >>= 8;
            filled -= 8;
        }
    };
    // The last block, with the codes that everybody knows; then a zero.
    put(&mut gzip, 0b011, 3);
    put(&mut gzip, 0b0000_1100, 8);
    while gzip.len() < bytes - 16 {
        // The longest repetition, 258 bytes, of what is one byte back.
        put(&mut gzip, 0b1010_0011, 8);
        put(&mut gzip, 0, 5);
    }
    put(&mut gzip, 0, 15);
    gzip
}

fn lengths(target: &Target) -> Vec<Case> {
    let too_long = || plain(413, "Request body is too large");
    let chunked = ("Transfer-Encoding", &b"chunked"[..]);
    let blank = |bytes: usize| [b"{}", &*vec![b' '; bytes - 2]].concat();
    let chunk = |bytes: &[u8]| [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
    let mut cases = vec![
        body(target, &[JSON], &blank(limits::BODY_BYTES), target.of_empty_body()),
        body(target, &[JSON], &blank(limits::BODY_BYTES + 1), too_long()),
        body(target, &[JSON], &vec![b'['; limits::BODY_BYTES + 1], too_long()),
        body(target, &[JSON, chunked], b"2\r\n{}\r\n0\r\n\r\n", target.of_empty_body()),
        body(
            target,
            &[JSON, chunked],
            b"2;a=\"b\"\r\n{}\r\n0\r\nX-Trailer: 1\r\n\r\n",
            target.of_empty_body(),
        ),
        body(target, &[JSON, chunked], b"0\r\n\r\n", target.of_empty_body()),
        body(
            target,
            &[JSON, chunked],
            &[chunk(&vec![b' '; 1 << 16]).repeat(17), b"0\r\n\r\n".to_vec()].concat(),
            too_long(),
        ),
    ];
    for chunks in [
        "zz\r\n{}\r\n0\r\n\r\n",
        "-2\r\n{}\r\n0\r\n\r\n",
        "ffffffffffffffffff\r\n{}",
        "2\r\n{}xx0\r\n\r\n",
        "\r\n\r\n",
    ] {
        let mut case = body(target, &[JSON, chunked], chunks.as_bytes(), not_json());
        case.what += " as chunks";
        case.may_end_connection = true;
        cases.push(case);
    }
    for length in ["-1", "abc", "1, 2", "0x2", "99999999999999999999999", "2\r\nContent-Length: 3", ""] {
        let bytes =
            request(target.method(), &target.path(), &[JSON, ("Content-Length", length.as_bytes())], b"");
        cases.push(target.case(&format!("{length:?} as length"), bytes, Expected::Broken(&[400])));
    }
    cases
}

fn content_types(target: &Target) -> Vec<Case> {
    let long = "x/".repeat(5_000);
    let absurd = [
        "text/plain",
        "",
        "application/jso",
        "application/xml",
        "multipart/form-data; boundary=x",
        "json",
        "\u{1f4a5}",
        "*/*",
        "application /json",
        &long,
    ];
    let odd = [
        "Application/JSON",
        "application/json;;;charset=;",
        "text/html, application/json",
        "application/json\r\nContent-Type: text/plain",
    ];
    let of = |content_type: &str, expected: Expected| {
        let bytes =
            request(target.method(), &target.path(), &[("Content-Type", content_type.as_bytes())], b"{}");
        target.case(&format!("{content_type:.40} as type"), bytes, expected)
    };
    let mut cases: Vec<_> = absurd.iter().map(|content_type| of(content_type, target.of_no_json())).collect();
    cases.extend(odd.iter().map(|content_type| of(content_type, target.of_empty_body())));
    cases.push(target.case(
        "no type",
        request(target.method(), &target.path(), &[], b"{}"),
        target.of_no_json(),
    ));
    cases
}

fn methods(target: &Target) -> Vec<Case> {
    let of = |method: &str, expected: Expected| {
        let mut case = target.case(method, request(method, &target.path(), &[], b""), expected);
        case.from = target.from();
        case
    };
    let not_allowed = || four_words(405, "Method not allowed");
    let long = "A".repeat(1_000);
    let mut cases: Vec<_> = ["DELETE", "PUT", "PATCH", "OPTIONS", "TRACE", "get", "PROPFIND", "G'T", &long]
        .map(|method| of(method, not_allowed()))
        .into();
    let routes = target.endpoint.routes;
    let takes =
        |method: Method| routes.iter().any(|route| route.path == target.route.path && route.method == method);
    if !takes(Method::Get) {
        cases.push(of("GET", not_allowed()));
    }
    if !takes(Method::Post) && !target.is_call() {
        cases.push(of("POST", not_allowed()));
    }
    // HEAD reads; what changes something does not answer it.
    let changes = target.is_call() || routes.iter().any(|route| route.method == Method::Post);
    let status = match target.of_nothing() {
        _ if changes => 405,
        Expected::Exactly(said) => said[0].0,
        _ => 200,
    };
    cases.push(of("HEAD", Expected::Bare(status)));
    cases
}

fn paths(target: &Target) -> Vec<Case> {
    let path = target.path();
    let last = path.rsplit('/').next().unwrap_or_default();
    if target.route.path.ends_with('}') {
        // Whatever stands there is a name, though nobody's.
        return Vec::new();
    }
    let nowhere = || four_words(404, "API endpoint does not exist");
    let escaped = format!("%{:02x}{}", last.as_bytes()[0], &last[1..]);
    // Behind `method.call/` whatever stands there is a name.
    let of_name = || if target.is_call() { target.of_nothing() } else { nowhere() };
    let odd_names = [
        format!("{path}%00"),
        format!("{path}%2f"),
        format!("{path};x=1"),
        format!("{path}.json"),
        path.replace(last, &escaped),
        format!("{path}\\"),
    ];
    let odd_names =
        odd_names.map(|odd| target.case(&odd, request(target.method(), &odd, &[], b""), of_name()));
    let mut cases: Vec<_> = [
        format!("{path}/"),
        format!("{path}//"),
        format!("/{path}"),
        format!("{path}/../{last}"),
        path.to_uppercase(),
        path.replacen("/api", "/api/.", 1),
    ]
    .map(|odd| target.case(&odd, request(target.method(), &odd, &[], b""), nowhere()))
    .into();
    cases.extend(odd_names);
    let elsewhere = format!("http://evil.example{path}");
    cases.push(target.case(&elsewhere, request(target.method(), &elsewhere, &[], b""), target.of_nothing()));
    cases.push(target.case(
        "?",
        request(target.method(), &format!("{path}?"), &[], b""),
        target.of_nothing(),
    ));
    let long = format!("{path}?{}", "x".repeat(60_000));
    let expected = if target.endpoint.query_unknown == Unknown::Refused {
        super::case::in_query("must NOT have additional properties")
    } else {
        target.of_nothing()
    };
    cases.push(target.case("a long query", request(target.method(), &long, &[], b""), expected));
    cases
}

/// Agents and hosts that want to be more than data.
fn heads(target: &Target) -> Vec<Case> {
    let long = vec![b'x'; 60 << 10];
    let data: [&[u8]; 9] = [
        b"",
        b"x\r\nX-Injected: yes",
        b"x\nX-Injected: yes",
        b"<script>alert(\"1\")</script>\\\"'",
        b"\x80\xff\xfe\xc3",
        "\u{202e}\u{7f8a}\u{1f980}".as_bytes(),
        b"%0d%0aX-Injected:%20yes",
        b"\t${jndi:ldap://x}\t%s%n",
        &long,
    ];
    let broken: [&[u8]; 4] = [b"a\rX-Injected: yes", b"a\0b", b"a\x7fb", b"a\r\n folded"];
    let of = |header: &str, value: &[u8], expected: Expected| {
        let bytes = request(target.method(), &target.path(), &[(header, value)], b"");
        let what = format!("{:?} as {header}", String::from_utf8_lossy(&value[..value.len().min(30)]));
        let mut case = target.case(&what, bytes, expected);
        if header == "User-Agent" && case.from == From::Administrator {
            case.from = From::OtherAgent;
        }
        case
    };
    let mut cases = Vec::new();
    for value in data {
        cases.push(of("User-Agent", value, target.of_nothing_elsewhere()));
        cases.push(of("Host", value, target.of_nothing()));
    }
    for value in broken {
        cases.push(of("User-Agent", value, Expected::Broken(&[400])));
        cases.push(of("Host", value, Expected::Broken(&[400])));
    }
    let twice = request(target.method(), &target.path(), &[("Host", b"a"), ("Host", b"b")], b"");
    cases.push(target.case("two hosts", twice, target.of_nothing()));
    let long = vec![b'x'; limits::HEAD_BYTES];
    cases.push(of("X-Long", &long, plain(431, "Request head is too large")));
    cases
}

/// What is no HTTP, or not ours.
pub fn no_http() -> Vec<Case> {
    let case = |what: &str, bytes: Vec<u8>, expected: Expected| Case {
        what: what.into(),
        bytes,
        from: From::Nobody,
        expected,
        may_end_connection: false,
    };
    let broken = [
        &b"GET / HTTP/9.9\r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"GET /api/v1/info\r\n\r\n",
        b"G\0T / HTTP/1.1\r\n\r\n",
        b"GET /\0 HTTP/1.1\r\n\r\n",
        b"GET /a b HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\n\xff: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"\x05\x01\x00\r\n\r\n",
        b"SSH-2.0-x\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
        "💥\r\n\r\n".as_bytes(),
    ];
    let mut cases: Vec<_> = broken
        .iter()
        .map(|bytes| case(&String::from_utf8_lossy(bytes), bytes.to_vec(), Expected::Broken(&[400])))
        .collect();
    let head = |lines: &str| format!("GET /api/v1/info HTTP/1.1\r\nHost: x\r\n{lines}\r\n").into_bytes();
    cases.push(case("101 headers", head(&"A: b\r\n".repeat(101)), Expected::Broken(&[431])));
    let line = format!("X-Long: {}\r\n", "x".repeat(3 * limits::HEAD_BYTES_READ));
    cases.push(case("a head that is not read to its end", head(&line), Expected::Broken(&[431])));
    let name = format!("{}: x\r\n", "x".repeat(70_000));
    cases.push(case("a long name", head(&name), Expected::Broken(&[400, 431])));
    let target = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(100_000)).into_bytes();
    cases.push(case("a long path", target, Expected::Broken(&[414, 431])));
    let says = json!({ "success": false, "status": "error", "error": "API endpoint does not exist", "message": "API endpoint does not exist" });
    for target in [
        "/nowhere",
        "/api",
        "/api/v1",
        "/api/v1/",
        "/api/v3/me",
        "/index.php",
        "/%2e%2e/%2e%2e/etc/passwd",
        "*",
        "/api/v1/m\u{e9}",
    ] {
        cases.push(case(target, request("GET", target, &[], b""), exactly(404, says.clone())));
    }
    cases
}
