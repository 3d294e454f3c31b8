//! A hundred and more agents met in the wild, with the devices that a person expects by the contract's rules.

mod agents;

use std::collections::HashSet;

#[test]
fn every_further_agent_names_its_device() {
    for row in agents::table(include_str!("further.json")) {
        let agent = row.agent.as_deref();
        assert_eq!(rollcall_user_agent::device(agent), row.device, "{}: {agent:?}", row.note);
    }
}

#[test]
fn at_least_a_hundred_further_agents_are_not_in_the_contract_s_table() {
    let known = agents::table(include_str!("user-agents.json"));
    let mut seen: HashSet<_> = known.into_iter().map(|row| row.agent).collect();
    let further = agents::table(include_str!("further.json"));
    assert!(further.len() >= 100);
    for row in further {
        assert!(seen.insert(row.agent), "{} is a repetition", row.note);
    }
}
