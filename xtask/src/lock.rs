//! Crates that must not come in, not even by way of another: read from `Cargo.lock`, which holds every platform and feature
//! that could be built and needs no network.

/// A crate that must not come in, and why.
const FORBIDDEN: &[(&str, &str)] = &[
    ("openssl-sys", "TLS is rustls: one binary that finds no system library missing"),
    ("native-tls", "TLS is rustls: the same on every system"),
    ("aws-lc-sys", "ring is the one provider of cryptography: no second one, and no cmake to build it"),
];

/// A sentence for each forbidden crate in this `Cargo.lock`.
pub fn faults(lock: &str) -> Vec<String> {
    let packages = packages(lock);
    let mut faults = Vec::new();
    for (name, why) in FORBIDDEN {
        if packages.iter().any(|package| package.name == *name) {
            let askers: Vec<_> =
                packages.iter().filter(|package| package.needs.contains(name)).map(|p| p.name).collect();
            let askers = if askers.is_empty() { "nobody".to_owned() } else { askers.join(", ") };
            faults.push(format!("{name} is in Cargo.lock, asked for by {askers} ({why})"));
        }
    }
    faults
}

struct Package<'a> {
    name: &'a str,
    needs: Vec<&'a str>,
}

fn packages(lock: &str) -> Vec<Package<'_>> {
    let mut packages: Vec<Package> = Vec::new();
    for line in lock.lines() {
        if let Some(name) = line.strip_prefix("name = \"") {
            packages.push(Package { name: name.trim_end_matches('"'), needs: Vec::new() });
        } else if let (Some(need), Some(package)) = (line.strip_prefix(" \""), packages.last_mut()) {
            // `"name"`, or `"name version"` where several versions are locked
            package.needs.extend(need.split(['"', ' ']).next());
        }
    }
    packages
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"
[[package]]
name = "mailer"
version = "1.0.0"
dependencies = [
 "native-tls 0.2.1",
 "serde",
]

[[package]]
name = "native-tls"
version = "0.2.1"

[[package]]
name = "serde"
version = "1.0.0"
"#;

    #[test]
    fn a_forbidden_crate_is_told_with_who_asks_for_it() {
        let faults = faults(LOCK);
        assert_eq!(faults.len(), 1);
        assert!(faults[0].starts_with("native-tls is in Cargo.lock, asked for by mailer "), "{}", faults[0]);
    }

    #[test]
    fn a_name_that_only_begins_alike_is_another_crate() {
        assert!(faults(&LOCK.replace("native-tls", "native-tls-not")).is_empty());
    }
}
