//! Commands that are decided while those before them are not applied yet: each is decided as if it came alone.

use rollcall_auth::digest;
use rollcall_model::command::Opening;
use rollcall_model::factor::Proof;
use rollcall_model::{Actor, Command, Seq, SessionId, UserNo};
use rollcall_testkit::TestServer;
use std::time::Duration;

/// Sessions that a user may have.
const MOST: usize = 4;

/// A sign-in by another path than a request's: passwords take their time.
pub fn opening(server: &TestServer, user: UserNo) -> Command {
    let id: SessionId = server.service.random_id().parse().unwrap();
    Command::OpenSession(Box::new(Opening {
        user,
        id,
        token: digest::token(id.as_str()),
        lifetime: Duration::from_hours(1),
        per_user_max: MOST,
        proof: Proof::Password,
        ip: [192, 0, 2, 7].into(),
        agent: "curl/8.5.0".into(),
        host: "chat.example.test".into(),
        guards: Vec::new(),
        clears: Vec::new(),
    }))
}

/// Two batches are under way at any time, and a user has sessions in both.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_has_more_sessions_than_allowed_however_many_sign_in_at_once() {
    let server = TestServer::start().await;
    let mut users = Vec::new();
    for name in ["ann", "bob", "cat"] {
        server.user(name).await;
        users.push(server.store.named(name).await.unwrap()[0].no);
    }
    let asking: Vec<_> = (0..600)
        .map(|n| {
            let (service, user) = (server.service.clone(), users[n % users.len()]);
            let end_all = Command::EndSessionsOf { user, but: None, by: Actor::Operator };
            let command = if n % 50 == 49 { end_all } else { opening(&server, user) };
            tokio::spawn(async move { service.carry_out(command).await.is_ok() })
        })
        .collect();
    for one in asking {
        assert!(one.await.unwrap());
    }
    let (mut live, mut most) = (vec![0; users.len()], 0);
    for row in server.store.ledger(Seq(0), 10_000).await.unwrap() {
        let Some(of) = users.iter().position(|user| row.envelope.subject == Some(*user)) else { continue };
        match row.envelope.kind {
            4 => live[of] += 1,
            5 => live[of] -= 1,
            _ => {}
        }
        most = most.max(live[of]);
        assert!(live[of] <= MOST, "{} sessions of one user at event {:?}", live[of], row.envelope.seq);
    }
    assert_eq!(most, MOST);
    let admin = server.elevated_admin().await;
    for (name, live) in ["ann", "bob", "cat"].into_iter().zip(live) {
        assert_eq!(admin.get_v2(&format!("sessions?q=user:{name}")).await.body["total"], live, "{name}");
    }
}
