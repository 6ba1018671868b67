use super::parse;
use crate::access::matrix::matrix;
use crate::access::model::Model;

const TENANT: &str = include_str!("../../../../../models/tenant/model.toml");
const PROPERTIES: &str = include_str!("../../../../../models/properties/model.toml");

fn model(text: &str) -> Model {
    parse(text, "test").unwrap_or_else(|faults| panic!("{faults}"))
}

/// Compiles a preset with one edit and gives the first fault as `line:column wrong | right`.
fn fault(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "the edit {from:?} does not fit");
    let faults = parse(&text.replacen(from, to, 1), "test").expect_err("the edit must be a fault");
    let first = faults.iter().next().unwrap();
    let (line, column) = faults.place(first);
    format!("{line}:{column} {} | {}", first.wrong, first.right)
}

#[test]
fn the_presets_compile_to_their_matrix() {
    for (preset, text) in [("tenant", TENANT), ("properties", PROPERTIES)] {
        let path = format!("{}/../../models/{preset}/matrix.txt", env!("CARGO_MANIFEST_DIR"));
        let now = matrix(&model(text));
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, &now).unwrap();
        }
        let reviewed = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(now, reviewed, "models/{preset}/matrix.txt differs; review it, then write it with BLESS=1");
    }
}

#[test]
fn x13_a_mistake_is_reported_with_its_place_and_what_would_be_right() {
    assert_eq!(
        fault(TENANT, "manages = [\"user\"]", "manages = [\"usr\"]"),
        "127:13 there is no role `usr` | did you mean `user`?"
    );
    assert_eq!(
        fault(TENANT, "view_team = \"users:view\"", "view_team = \"users:vew\""),
        "147:14 there is no permission `users:vew` | did you mean `users:view`?"
    );
    assert_eq!(
        fault(TENANT, "direct = true", "dirct = true"),
        "124:1 [roles.user] has no key `dirct` | did you mean `direct`?"
    );
    assert_eq!(
        fault(PROPERTIES, "max_level = \"read\"", "max_level = \"reed\""),
        "125:14 `property` has no level `reed` | did you mean `read`?"
    );
    assert_eq!(
        fault(PROPERTIES, "plans = [\"business\"]", "plans = [\"busines\"]"),
        "104:11 there is no plan `busines` | did you mean `business`?"
    );
    assert_eq!(
        fault(PROPERTIES, "seats = 1\n", "seats = 0\n"),
        "162:9 `seats` in [plans] must be a whole number from 1 to 1000000 | "
    );
}

#[test]
fn x13_no_mistake_widens_a_grant() {
    // A star inside a name, another letter case, a blank: none of them is read as a name (AB-029).
    for bad in ["\"Conversations:*\"", "\"conversations\"", "\"conv*\"", "\"conversations:* \"", "\"**\"", "\"\""] {
        let text = TENANT.replacen("grants = [\"conversations:*\"]", &format!("grants = [{bad}]"), 1);
        assert!(parse(&text, "test").is_err(), "{bad}");
    }
}

#[test]
fn x13_all_faults_of_a_file_are_reported_at_once() {
    let text = TENANT.replace("users:view", "users:vew").replace("manages = [\"user\"]", "manages = [\"usr\"]");
    let faults = parse(&text, "test").expect_err("there are faults");
    assert!(faults.iter().count() >= 3, "{faults}");
    let report = faults.report("models/tenant/model.toml");
    assert!(report.contains("models/tenant/model.toml:127:13"), "{report}");
    assert!(report.contains("did you mean `users:view`?"), "{report}");
}
