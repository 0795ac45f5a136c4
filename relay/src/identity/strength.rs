//! Whether a password that somebody chose is hard to guess. By strength, not by kinds of characters: zxcvbn counts how many attempts somebody needs
//! who tries common passwords and words first, then keys that lie side by side, dates, repetitions, and the account's own name.
//!
//! The 10,000 most common passwords are among the 30,000 of zxcvbn's own list, so each needs fewer attempts than are asked for here.

use relay_settings::{Problem, ProblemCode};
use zxcvbn::zxcvbn;

use super::PASSWORD_BYTES_MAX;

/// Characters of a password that somebody chose.
const PASSWORD_CHARS_MIN: usize = 10;
/// Attempts that guessing a password must take. Sign-ins are limited to thousands of attempts a day; whoever has the hashes makes about a hundred a
/// second on one machine (argon2id), and needs more than ten days for one password.
const GUESSES_MIN: u64 = 100_000_000;
/// Characters that are looked at once: the work grows much faster than their number. Of a longer password the first and the last so many are.
const LOOKED_AT_CHARS: usize = 32;
/// Characters that a password must have besides the words of the address and the name.
const OTHER_CHARS_MIN: usize = 6;
/// Words that anybody guesses here.
const OWN_WORDS: [&str; 2] = ["causeway", "support"];

/// Checks a password for the account with this mail address and name.
///
/// # Errors
/// When it is too short, longer than what is hashed, made of the address or the name, or easy to guess.
pub(super) fn check(password: &str, email: &str, name: &str) -> Result<(), Problem> {
    let wrong = |code, remedy: String| Err(Problem { field: "password".into(), code, remedy });
    if password.chars().count() < PASSWORD_CHARS_MIN || password.len() > PASSWORD_BYTES_MAX {
        let remedy =
            format!("a password has at least {PASSWORD_CHARS_MIN} characters and at most {PASSWORD_BYTES_MAX} bytes");
        return wrong(ProblemCode::OutOfRange, remedy);
    }
    let own = own_words(email, name);
    if is_own(password, &own) {
        let remedy = "a password is not made of one's own name or mail address, or of the product's; choose something that nobody links to you";
        return wrong(ProblemCode::Guessable, remedy.to_owned());
    }
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    if ends(password).iter().all(|end| zxcvbn(end, &own).guesses() < GUESSES_MIN) {
        let remedy = "this password is easy to guess: it is common, or made of common words, names, dates or a pattern. Take three or four words that have \
                      nothing to do with each other, or let a password manager make one";
        return wrong(ProblemCode::Guessable, remedy.to_owned());
    }
    Ok(())
}

/// The whole of a password, or the beginning and the end of a long one.
fn ends(password: &str) -> Vec<String> {
    let chars: Vec<char> = password.chars().collect();
    let last = chars.len().saturating_sub(LOOKED_AT_CHARS);
    let mut ends = vec![chars[..chars.len() - last].iter().collect()];
    ends.extend((last > 0).then(|| chars[last..].iter().collect()));
    ends
}

/// Whether hardly anything is left of a password without the words of the address and the name, however they are written.
fn is_own(password: &str, own: &[String]) -> bool {
    let letters = |text: &str| -> String {
        text.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let whole = letters(password);
    let mut own: Vec<String> = own.iter().map(|word| letters(word)).filter(|word| !word.is_empty()).collect();
    own.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let rest = own.iter().fold(whole.clone(), |rest, word| rest.replace(word.as_str(), ""));
    rest.len() < whole.len() && rest.chars().count() < OTHER_CHARS_MIN
}

/// The address, the name, the words of both, and what anybody guesses here.
fn own_words(email: &str, name: &str) -> Vec<String> {
    let mut words = vec![email.to_owned(), name.to_owned()];
    let parts = [email, name].into_iter().flat_map(|text| text.split(|char: char| !char.is_alphanumeric()));
    words.extend(parts.filter(|part| !part.is_empty()).chain(OWN_WORDS).map(str::to_owned));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(password: &str) -> Option<ProblemCode> {
        check(password, "ann.archer@shop.example.com", "Ann Archer").err().map(|problem| problem.code)
    }

    #[test]
    fn what_is_easy_to_guess_is_refused() {
        for password in [
            // Common ones of ten characters and more.
            "1234567890",
            "qwertyuiop",
            "password123",
            "basketball",
            "1q2w3e4r5t",
            "iloveyou12",
            "P@ssw0rd123",
            "Password1!",
            "passwordpassword",
            "123123123123",
            // Patterns.
            "aaaaaaaaaaaaaaaa",
            &"ab".repeat(40),
            "abcdefghijklmnop",
            "asdfghjkl;'",
            "01/01/2000",
            // The account's own.
            "ann.archer@shop.example.com",
            "Ann Archer Ann Archer",
            "annarcher1990",
            "archer-ann-1",
            "Causeway2026",
            "support-support",
        ] {
            assert_eq!(code(password), Some(ProblemCode::Guessable), "{password}");
        }
        for password in ["annarcher", "", "nine char", &"x y".repeat(PASSWORD_BYTES_MAX)] {
            assert_eq!(code(password), Some(ProblemCode::OutOfRange), "{password}");
        }
    }

    /// Of the 10,000 most common passwords, in the order of zxcvbn's list, those that are long enough, without obscene ones.
    const COMMON: &str = include_str!("common_passwords.txt");

    #[test]
    fn common_passwords_are_refused_as_a_list() {
        let taken: Vec<&str> = COMMON.lines().filter(|common| code(common) != Some(ProblemCode::Guessable)).collect();
        assert_eq!(taken, [""; 0], "these are taken");
        assert!(COMMON.lines().count() >= 250);
        assert!(COMMON.lines().all(|common| common.chars().count() >= PASSWORD_CHARS_MIN));
    }

    #[test]
    fn what_is_hard_to_guess_is_taken_whatever_it_is_made_of() {
        for password in [
            "tangerine dreams",
            "correct horse battery staple",
            "kestrel velvet harbour",
            "k7#Vq9!mZ2",
            "xkvqpzmwtr",
            "蓝色的河流经过山谷很慢",
            "зимний чайник поёт",
            "🦊🌊🎻🧊🪵🧭🪐🦔🍋🪁",
            &format!("{} kestrel velvet harbour", "a".repeat(40)),
        ] {
            assert_eq!(code(password), None, "{password}");
        }
    }

    #[test]
    fn the_longest_password_is_checked_quickly() {
        for long in ['!'..='~', '0'..='@', 'a'..='c'] {
            let long: String = long.cycle().take(PASSWORD_BYTES_MAX).collect();
            let begun = std::time::Instant::now();
            let _ = code(&long);
            assert!(begun.elapsed() < std::time::Duration::from_secs(2), "it took {:?}", begun.elapsed());
        }
    }

    #[test]
    fn the_problem_says_what_to_do_and_not_the_password() {
        let problem = check("password123", "ann@example.com", "Ann").expect_err("common");
        assert!(problem.remedy.contains("three or four words") && !problem.remedy.contains("password123"));
        assert_eq!(problem.field, "password");
    }
}
