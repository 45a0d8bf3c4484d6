//! Names that people get wrong.

/// `, did you mean '…'?`, where one of the known names is near, else nothing.
pub(crate) fn hint<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let distances = known
        .into_iter()
        .map(|known| (edit_distance(name, known), known));
    let nearest = distances.min();
    let near = nearest.filter(|(distance, known)| *distance <= known.chars().count() / 2);
    near.map_or_else(String::new, |(_, near)| format!(", did you mean '{near}'?"))
}

/// Fewest letters to insert, delete or replace (Levenshtein 1966).
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replace = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replace.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
