use std::collections::BTreeSet;

use super::{build, parse};
use crate::access::matrix::matrix;
use crate::access::model::Model;

const TENANT: &str = include_str!("../../../../../models/tenant/model.toml");
const PROPERTIES: &str = include_str!("../../../../../models/properties/model.toml");

fn model(text: &str) -> Model {
    parse(text, "test").unwrap_or_else(|faults| panic!("{faults}"))
}

/// Every folder of `models/` and of its examples that has a model.
fn folders() -> Vec<std::path::PathBuf> {
    let models = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let below = |folder: &std::path::Path| {
        std::fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect::<Vec<_>>()
    };
    let mut found = [below(&models), below(&models.join("examples"))].concat();
    found.retain(|folder| folder.join("model.toml").is_file());
    found.sort();
    assert!(found.len() >= 4, "{found:?}");
    found
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
    for folder in folders() {
        let (text, path) = (std::fs::read_to_string(folder.join("model.toml")).unwrap(), folder.join("matrix.txt"));
        let now = matrix(&model(&text));
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, &now).unwrap();
        }
        let reviewed = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(now, reviewed, "{} differs; review it, then write it with BLESS=1", path.display());
    }
}

#[test]
fn x13_a_mistake_is_reported_with_its_place_and_what_would_be_right() {
    assert_eq!(
        fault(TENANT, "manages = [\"user\"]", "manages = [\"usr\"]"),
        "129:13 there is no role `usr` | did you mean `user`?"
    );
    assert_eq!(
        fault(TENANT, "view_team = \"users:view\"", "view_team = \"users:vew\""),
        "154:14 there is no permission `users:vew` | did you mean `users:view`?"
    );
    assert_eq!(
        fault(TENANT, "direct = true", "dirct = true"),
        "126:1 [roles.user] has no key `dirct` | did you mean `direct`?"
    );
    assert_eq!(
        fault(PROPERTIES, "max_level = \"read\"", "max_level = \"reed\""),
        "127:14 `property` has no level `reed` | did you mean `read`?"
    );
    assert_eq!(
        fault(PROPERTIES, "plans = [\"business\"]", "plans = [\"busines\"]"),
        "106:11 there is no plan `busines` | did you mean `business`?"
    );
    assert_eq!(
        fault(PROPERTIES, "seats = 1\n", "seats = 0\n"),
        "173:9 `seats` in [plans] must be a whole number from 1 to 1000000 | write one of them, or leave it out"
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

/// Whichever letter is left out, every third by turn, of a line that gives something: either it is a fault, or nobody gains by it.
#[test]
fn x13_no_slip_of_a_key_widens_a_grant() {
    const GIVING: [&str; 16] = [
        "[",
        "grants",
        "except",
        "assigns",
        "max_level",
        "plans",
        "manages",
        "exceeds",
        "direct",
        "templates",
        "toggles",
        "lacks",
        "adds",
        "grantable",
        "needs_template",
        "single",
    ];
    for folder in folders() {
        let text = std::fs::read_to_string(folder.join("model.toml")).unwrap();
        let right = model(&text);
        let mut tried = 0;
        let mut begin = 0;
        for line in text.split_inclusive('\n') {
            let gives = GIVING.iter().any(|word| line.starts_with(word));
            for (at, letter) in line.char_indices().filter(|(_, letter)| gives && *letter != '\n').step_by(3) {
                let (before, after) = text.split_at(begin + at);
                let slipped = format!("{before}{}", &after[letter.len_utf8()..]);
                tried += 1;
                let Ok(other) = parse(&slipped, "test") else { continue };
                let wider: Vec<String> = crate::access::difference::difference(&right, &other)
                    .into_iter()
                    .filter(|d| !d.gains.is_empty())
                    .map(|d| format!("{}: {}", d.what, d.gains.join(" ")))
                    .collect();
                assert!(wider.is_empty(), "{}: without a letter of {line}{wider:?}", folder.display());
            }
            begin += line.len();
        }
        assert!(tried > 150, "{}: only {tried} tried", folder.display());
    }
}

#[test]
fn x13_all_faults_of_a_file_are_reported_at_once() {
    let text = TENANT.replace("users:view", "users:vew").replace("manages = [\"user\"]", "manages = [\"usr\"]");
    let faults = parse(&text, "test").expect_err("there are faults");
    assert!(faults.iter().count() >= 3, "{faults}");
    let report = faults.report("models/tenant/model.toml");
    assert!(report.contains("models/tenant/model.toml:129:13"), "{report}");
    assert!(report.contains("did you mean `users:view`?"), "{report}");
}

fn guide() -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/README.md");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn x13_the_guides_own_model_compiles() {
    let guide = guide();
    let block = guide.split("```toml").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let text: Vec<&str> = block.lines().map(|line| line.strip_prefix("   ").unwrap_or(line)).collect();
    assert_eq!(model(&text.join("\n")).title, "Choir");
}

/// `roles.viewer.on.pro.grants` is `roles.NAME.on.PLAN.grants`: names are the file's own.
fn general(key: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in key.split('.') {
        let own = match parts.as_slice() {
            ["permissions" | "resources" | "toggles" | "roles"] => Some("NAME"),
            [.., "on"] => Some("PLAN"),
            _ => None,
        };
        parts.push(own.unwrap_or(part));
    }
    parts.join(".")
}

#[test]
fn x13_the_guide_names_every_key_and_no_other() {
    let texts = folders().into_iter().map(|f| std::fs::read_to_string(f.join("model.toml")).unwrap());
    let known: BTreeSet<String> = texts.flat_map(|t| build::keys(&t)).map(|k| general(&k)).collect();
    let guide = guide();
    let lines = guide.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let of_a_model = |key: &&str| key.split('.').next() != Some("scenario");
    let told: BTreeSet<String> = lines.map(|(key, _)| key).filter(of_a_model).map(str::to_owned).collect();
    let only = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.difference(b).cloned().collect::<Vec<_>>();
    assert_eq!((only(&known, &told), only(&told, &known)), (vec![], vec![]), "(not in the guide, not in the parser)");
}

#[test]
fn c03_x13_a_role_that_needs_a_template_takes_one_and_is_not_the_owners() {
    let agents = std::fs::read_to_string(folders()[0].parent().unwrap().join("agents/model.toml")).unwrap();
    let report = |from, to| {
        assert!(agents.contains(from), "the edit {from:?} does not fit");
        parse(&agents.replacen(from, to, 1), "test").expect_err("the edit must be a fault").to_string()
    };
    let takes_none = report("templates = true\nneeds", "needs");
    assert!(takes_none.contains("[roles.user] needs a template, but takes none"), "{takes_none}");
    let owners = report("grants = [\"*\"]\n", "grants = [\"*\"]\ntemplates = true\nneeds_template = true\n");
    assert!(owners.contains("take `needs_template` out of [roles.owner]"), "{owners}");
}

#[test]
fn a09_x13_features_combine_and_hold_nothing_of_another_kind() {
    let profiles = std::fs::read_to_string(folders()[0].parent().unwrap().join("profiles/model.toml")).unwrap();
    let model = model(&profiles);
    let kind = &model.kinds[0];
    assert_eq!(kind.levels.len(), 128);
    for (ix, level) in kind.levels.iter().enumerate() {
        let found = kind.level_ix(&level.name).unwrap();
        assert_eq!(usize::from(found.0), ix, "{}", level.name);
        let set = kind.features_of(found).fold(crate::access::set::PermissionSet::EMPTY, |set, f| set | f.set);
        assert_eq!(set, level.set, "{}", level.name);
    }
    assert_eq!(kind.level_ix("billing+analytics"), kind.level_ix("analytics+billing"));
    for bad in ["", "+", "analytics+", "analytics+analytics", "all+analytics", "Analytics", "analytics ", "*"] {
        assert_eq!(kind.level_ix(bad), None, "{bad:?}");
    }
    let eighth =
        "[[resources.profile.features]]\nname = \"more\"\ntitle = \"More\"\nsays = \"More\"\ngrants = [\"team:log\"]\n";
    let level = "[[resources.profile.levels]]\nname = \"low\"\ntitle = \"Low\"\nsays = \"Low\"\n";
    for (from, to, says) in [
        ("[roles.admin]", &*format!("{eighth}\n[roles.admin]"), "a kind has at most 7 features"),
        ("[roles.admin]", &*format!("{level}\n[roles.admin]"), "levels nest, features combine"),
        ("grants = [\"profile:social\"]", "grants = [\"profile:socal\"]", "did you mean `profile:social`?"),
        ("grants = [\"profile:social\"]", "", "has no `grants`"),
        ("name = \"social\"", "name = \"all\"", "`all` cannot name a feature here"),
        ("name = \"social\"", "name = \"billing\"", "`billing` cannot name a feature here"),
        ("assigns = \"profile\"", "assigns = \"profile\"\nmax_level = \"all\"", "which no level caps"),
        ("assigns = \"profile\"", "assigns = \"profile\"\nmanages = [\"member\"]", "rows of one person are joined"),
        ("assigns = \"profile\"", "assigns = \"profile\"\ndirect = true", "rows of one person are joined"),
        ("row_per_resource = true", "row_per_resource = true\nsuspension = true", "rows of one person are joined"),
        ("role = \"admin\"", "role = \"member\"", "the owner's role assigns nothing"),
        (
            "days = 7",
            "days = 7\n[[plans]]\nname = \"free\"\ntitle = \"Free\"\nseats = 3",
            "with `row_per_resource` rows are not people",
        ),
    ] {
        assert!(profiles.contains(from), "the edit {from:?} does not fit");
        let faults = parse(&profiles.replacen(from, to, 1), "test").expect_err("the edit must be a fault").to_string();
        assert!(faults.contains(says), "{to}: {faults}");
    }
}
