//! From tokens to the tree. `and` binds tighter than `or`; words side by side are an `and`; `not` and `-` bind to what
//! follows. It knows no fields.

use super::lex::{Token, lex};
use super::{Problem, Test, Tree, Words};

/// Deeper than this is no query a person wrote, and would cost stack.
const DEPTH_MAX: usize = 50;

pub fn parse(text: &str) -> Result<Tree, Problem> {
    let mut parser = Parser { tokens: lex(text)?, at: 0, depth: 0 };
    if parser.tokens.is_empty() {
        return Ok(Tree::All);
    }
    let tree = parser.either()?;
    match parser.next() {
        None => Ok(tree),
        Some(Token::Close) => Err(Problem::new("a ) closes nothing", "remove it, or open it before")),
        Some(_) => Err(Problem::new("the query has a part that belongs to nothing", HINT)),
    }
}

const HINT: &str = "write field:value, field >= number, words, \"a phrase\", and, or, not, ( )";

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<Token> {
        self.at += 1;
        self.tokens.get(self.at - 1).cloned()
    }

    /// Takes an operator's name, in any case.
    fn eat(&mut self, name: &str) -> bool {
        let is_field = matches!(self.tokens.get(self.at + 1), Some(Token::Colon | Token::Compare(_)));
        let is_there = matches!(self.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(name));
        let is_it = is_there && !is_field;
        self.at += usize::from(is_it);
        is_it
    }

    fn either(&mut self) -> Result<Tree, Problem> {
        let mut parts = vec![self.both()?];
        while self.eat("or") {
            parts.push(self.both()?);
        }
        Ok(one_or(parts, Tree::Or))
    }

    fn both(&mut self) -> Result<Tree, Problem> {
        let mut parts = vec![self.negated()?];
        loop {
            let is_said = self.eat("and");
            let is_over = match self.peek() {
                None | Some(Token::Close) => true,
                Some(Token::Word(word)) => word.eq_ignore_ascii_case("or"),
                Some(_) => false,
            };
            if is_over && !is_said {
                return Ok(one_or(parts, Tree::And));
            }
            parts.push(self.negated()?);
        }
    }

    fn negated(&mut self) -> Result<Tree, Problem> {
        if self.eat("not") {
            return Ok(Tree::Not(Box::new(self.nested(Self::negated)?)));
        }
        if let Some(Token::Word(word)) = self.peek()
            && let Some(rest) = word.strip_prefix('-').filter(|rest| !rest.is_empty())
        {
            self.tokens[self.at] = Token::Word(rest.to_owned());
            return Ok(Tree::Not(Box::new(self.single()?)));
        }
        self.single()
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Tree, Problem>) -> Result<Tree, Problem> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Problem::new(
                format!("the query is nested more than {DEPTH_MAX} deep"),
                "make it flatter",
            ));
        }
        let tree = read(self);
        self.depth -= 1;
        tree
    }

    fn single(&mut self) -> Result<Tree, Problem> {
        match self.next() {
            Some(Token::Open) => {
                let tree = self.nested(Self::either)?;
                match self.next() {
                    Some(Token::Close) => Ok(tree),
                    _ => Err(Problem::new("a ( is opened and not closed", "write ) at its end")),
                }
            }
            Some(Token::Quoted(text)) => Ok(Tree::Text(Words { text, is_quoted: true })),
            Some(Token::Word(word)) => self.field_or_word(word),
            Some(Token::Close) => Err(Problem::new("there is nothing between ( and )", HINT)),
            Some(Token::Colon | Token::Compare(_)) => {
                Err(Problem::new("a : or a comparison has no field before it", "put words with : in quotes"))
            }
            None => Err(Problem::new("the query ends where something must follow", HINT)),
        }
    }

    fn field_or_word(&mut self, word: String) -> Result<Tree, Problem> {
        match self.peek().cloned() {
            Some(Token::Compare(how)) => {
                self.at += 1;
                let value = self.value(&word)?;
                Ok(Tree::Field { field: word, is: Test::Compares(how, value.text) })
            }
            Some(Token::Colon) => {
                self.at += 1;
                if let Some(Token::Compare(how)) = self.peek().cloned() {
                    self.at += 1;
                    let value = self.value(&word)?;
                    return Ok(Tree::Field { field: word, is: Test::Compares(how, value.text) });
                }
                if self.peek() == Some(&Token::Open) {
                    return self.group(&word);
                }
                let value = self.value(&word)?;
                let is_star = value.text == "*" && !value.is_quoted;
                Ok(Tree::Field { field: word, is: if is_star { Test::Exists } else { Test::Equals(value) } })
            }
            _ => Ok(Tree::Text(Words { text: word, is_quoted: false })),
        }
    }

    /// `field:(a or b)`: the words within belong to the field.
    fn group(&mut self, field: &str) -> Result<Tree, Problem> {
        let tree = self.single()?;
        within(tree, field).ok_or_else(|| {
            Problem::new(format!("{field}:( ) may hold values only"), "write other fields outside of it")
        })
    }

    fn value(&mut self, field: &str) -> Result<Words, Problem> {
        match self.next() {
            Some(Token::Word(text)) => Ok(Words { text, is_quoted: false }),
            Some(Token::Quoted(text)) => Ok(Words { text, is_quoted: true }),
            _ => Err(Problem::new(
                format!("{field} has no value"),
                format!("write {field}:value or {field}:*"),
            )),
        }
    }
}

fn within(tree: Tree, field: &str) -> Option<Tree> {
    let all =
        |parts: Vec<Tree>| parts.into_iter().map(|part| within(part, field)).collect::<Option<Vec<_>>>();
    Some(match tree {
        Tree::And(parts) => Tree::And(all(parts)?),
        Tree::Or(parts) => Tree::Or(all(parts)?),
        Tree::Not(part) => Tree::Not(Box::new(within(*part, field)?)),
        Tree::Text(words) => Tree::Field { field: field.to_owned(), is: Test::Equals(words) },
        Tree::All | Tree::Field { .. } => return None,
    })
}

fn one_or(mut parts: Vec<Tree>, make: fn(Vec<Tree>) -> Tree) -> Tree {
    if parts.len() == 1 { parts.remove(0) } else { make(parts) }
}
