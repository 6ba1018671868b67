//! The same model in other numbers.

/// A model's text with its tables in the opposite order, those within another one kept behind it: it says the same, and
/// every permission, role, plan and switch has another number.
pub fn reordered(text: &str) -> String {
    let mut blocks: Vec<(String, String)> = vec![(String::new(), String::new())];
    for line in text.lines() {
        if let Some(header) = line.strip_prefix('[') {
            let name = header.trim_matches(['[', ']']).to_owned();
            let within = blocks.last().is_some_and(|(last, _)| !last.is_empty() && is_within(&name, last));
            if !within {
                blocks.push((name, String::new()));
            }
        }
        let Some((_, block)) = blocks.last_mut() else { continue };
        block.push_str(line);
        block.push('\n');
    }
    // The values of the file itself stay first.
    blocks[1..].reverse();
    blocks.into_iter().map(|(_, block)| block).collect()
}

/// `resources.property.levels` is within `resources.property`; its siblings of the same name are too.
fn is_within(name: &str, last: &str) -> bool {
    name.strip_prefix(last).is_some_and(|rest| rest.starts_with('.'))
}
