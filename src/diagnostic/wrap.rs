//! Text in lines that fit a terminal.

/// A text in lines of at most so many columns, broken between words; a word that is longer has a line of its own.
pub fn wrapped(text: &str, columns: usize) -> String {
    let lines: Vec<String> = text.split('\n').map(|line| one(line, columns)).collect();
    lines.join("\n")
}

fn one(text: &str, columns: usize) -> String {
    let mut out = String::new();
    let mut used = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > columns {
            out.push('\n');
            used = 0;
        } else if used > 0 {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += length;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrapped("one two three", 7), "one two\nthree");
        assert_eq!(wrapped("muchtoolong a b", 4), "muchtoolong\na b");
        assert_eq!(wrapped("a b\nc d", 4), "a b\nc d");
        assert_eq!(wrapped("", 4), "");
    }
}
