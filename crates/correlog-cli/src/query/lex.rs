//! A query's tokens. Every text has some; only an open quote is a mistake at this level.

use super::{Comparison, Problem};

#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    Open,
    Close,
    Colon,
    Compare(Comparison),
    Word(String),
    Quoted(String),
}

pub fn lex(text: &str) -> Result<Vec<Token>, Problem> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let token = match c {
            c if c.is_whitespace() => continue,
            '(' => Token::Open,
            ')' => Token::Close,
            ':' => Token::Colon,
            '"' => Token::Quoted(quoted(&mut rest)?),
            '<' | '>' => {
                let or_equal = rest.next_if_eq(&'=').is_some();
                Token::Compare(match (c, or_equal) {
                    ('<', false) => Comparison::Less,
                    ('<', true) => Comparison::LessOrEqual,
                    (_, false) => Comparison::Greater,
                    (_, true) => Comparison::GreaterOrEqual,
                })
            }
            first => Token::Word(word(first, &mut rest, &tokens)),
        };
        tokens.push(token);
    }
    Ok(tokens)
}

type Rest<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn quoted(rest: &mut Rest<'_>) -> Result<String, Problem> {
    let mut text = String::new();
    while let Some(c) = rest.next() {
        match c {
            '"' => return Ok(text),
            '\\' => text.extend(rest.next()),
            c => text.push(c),
        }
    }
    Err(Problem::new("a quote is opened and not closed", "write \" at the end of the phrase"))
}

/// A value may hold colons (a time, an address); a field's name may not.
fn word(first: char, rest: &mut Rest<'_>, before: &[Token]) -> String {
    let is_value = matches!(before.last(), Some(Token::Colon | Token::Compare(_)));
    let mut text = String::new();
    let mut next = Some(first);
    while let Some(c) = next {
        if c == '\\' {
            text.extend(rest.next());
        } else {
            text.push(c);
        }
        next = rest.next_if(|c| {
            !c.is_whitespace() && !matches!(c, '(' | ')' | '"' | '<' | '>') && (*c != ':' || is_value)
        });
    }
    text
}
