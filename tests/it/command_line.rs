//! The command line beside a running server.

use std::process::Command;

use crate::world::Demo;

fn run(arguments: &[&str]) -> (bool, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_bailiwick")).args(arguments).output().expect("the binary runs");
    (out.status.success(), String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr))
}

#[test]
fn the_demo_refuses_an_address_that_others_can_reach() {
    let (fine, said) = run(&["demo", "--listen", "0.0.0.0:0", "--data", "/nonexistent/never-made"]);
    assert!(!fine && said.contains("loopback only"), "{said}");
}

#[test]
fn commands_reach_a_running_server_through_its_private_socket() {
    let demo = Demo::start();
    let data = demo.data.to_str().expect("a path in text");
    let (fine, said) = run(&["audit", "verify", "--data", data]);
    assert!(fine && said.contains("the tables equal the folded log"), "{said}");
    let (fine, said) = run(&["key", "create", "--data", data, "--name", "test", "--scopes", "check,read"]);
    assert!(fine && said.contains("bwk_"), "{said}");
    let (fine, said) = run(&["key", "create", "--data", data, "--name", "test", "--scopes", "everything"]);
    assert!(!fine && said.contains("there is no scope `everything`"), "{said}");
}

#[test]
fn ab164_a_second_server_does_not_start_on_the_same_data() {
    let demo = Demo::start();
    let data = demo.data.to_str().expect("a path in text");
    let (fine, said) = run(&["demo", "--listen", "127.0.0.1:0", "--data", data]);
    assert!(!fine && said.contains("another process owns"), "{said}");
}
