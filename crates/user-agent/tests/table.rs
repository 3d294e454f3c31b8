//! The contract's table of user agents passes whole.

mod agents;

#[test]
fn every_agent_of_the_contract_names_its_device() {
    let table = agents::table(include_str!("user-agents.json"));
    assert!(table.len() >= 45, "the table is shorter than the contract's");
    for row in table {
        assert_eq!(rollcall_user_agent::device(row.agent.as_deref()), row.device, "{}", row.note);
    }
}
