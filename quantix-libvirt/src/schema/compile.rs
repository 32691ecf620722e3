//! From patterns as they are written to patterns that can be checked with.

use std::{collections::HashMap, path::Path, rc::Rc};

use super::{
    SchemaFault,
    datatype::{Data, Value},
    grammar::{Combine, Grammar, Raw},
    pattern::{Pat, Patterns},
};

/// A grammar with the one around it.
struct Scope {
    grammar: Rc<Grammar>,
    parent: Option<Rc<Scope>>,
}

struct Compiler<'p> {
    patterns: Patterns,
    path: &'p Path,
    /// Definitions that are done, and those in work (`None`), by grammar and name.
    done: HashMap<(*const Grammar, String), Option<Pat>>,
    /// Elements whose content is still to be told.
    waiting: Vec<(usize, Rc<Raw>, Rc<Scope>)>,
}

/// The patterns of a grammar and the one that documents begin with.
pub(super) fn compile(grammar: Grammar, path: &Path) -> Result<(Patterns, Pat), SchemaFault> {
    let mut compiler =
        Compiler { patterns: Patterns::new(), path, done: HashMap::new(), waiting: Vec::new() };
    let scope = Rc::new(Scope { grammar: Rc::new(grammar), parent: None });
    let start = compiler.reference(&scope, "")?;
    // Elements may hold themselves: what is in them is told only when all before is done.
    while let Some((element, body, scope)) = compiler.waiting.pop() {
        let content = compiler.pattern(&body, &scope)?;
        compiler.patterns.elements[element].content = content;
    }
    if compiler.patterns.is_overfull {
        return Err(compiler.fault("the schema is too large"));
    }
    Ok((compiler.patterns.ready(), start))
}

impl Compiler<'_> {
    fn fault(&self, why: impl Into<String>) -> SchemaFault {
        SchemaFault::new(self.path, None, why.into())
    }

    fn reference(&mut self, scope: &Rc<Scope>, name: &str) -> Result<Pat, SchemaFault> {
        let key = (Rc::as_ptr(&scope.grammar), name.to_owned());
        match self.done.get(&key) {
            Some(Some(known)) => return Ok(*known),
            Some(None) => {
                let text = ["`", name, "` refers to itself without an element between"].concat();
                return Err(self.fault(text));
            }
            None => {}
        }
        let Some(define) = scope.grammar.defines.get(name).cloned() else {
            let text = match name {
                "" => "the schema has no start".to_owned(),
                name => ["`", name, "` is not defined"].concat(),
            };
            return Err(self.fault(text));
        };
        self.done.insert(key.clone(), None);
        let mut all = Vec::with_capacity(define.bodies.len());
        for body in &define.bodies {
            all.push(self.pattern(body, scope)?);
        }
        let made = match define.combine {
            Some(Combine::Interleave) => self.join(&all, Patterns::interleave),
            Some(Combine::Choice) | None => self.join(&all, Patterns::choice),
        };
        self.done.insert(key, Some(made));
        Ok(made)
    }

    /// Joins patterns pairwise, so that the tree of them stays flat.
    fn join(&mut self, all: &[Pat], two: fn(&mut Patterns, Pat, Pat) -> Pat) -> Pat {
        match all {
            [] => Patterns::EMPTY,
            [one] => *one,
            _ => {
                let (left, right) = all.split_at(all.len() / 2);
                let (left, right) = (self.join(left, two), self.join(right, two));
                two(&mut self.patterns, left, right)
            }
        }
    }

    fn all(
        &mut self,
        raws: &[Raw],
        scope: &Rc<Scope>,
        two: fn(&mut Patterns, Pat, Pat) -> Pat,
    ) -> Result<Pat, SchemaFault> {
        let all = raws.iter().map(|raw| self.pattern(raw, scope)).collect::<Result<Vec<_>, _>>()?;
        Ok(self.join(&all, two))
    }

    fn pattern(&mut self, raw: &Raw, scope: &Rc<Scope>) -> Result<Pat, SchemaFault> {
        Ok(match raw {
            Raw::Empty => Patterns::EMPTY,
            Raw::NotAllowed => Patterns::NOT_ALLOWED,
            Raw::Text => Patterns::TEXT,
            Raw::Choice(raws) => self.all(raws, scope, Patterns::choice)?,
            Raw::Group(raws) => self.all(raws, scope, Patterns::group)?,
            Raw::Interleave(raws) => self.all(raws, scope, Patterns::interleave)?,
            Raw::OneOrMore(raw) => {
                let inner = self.pattern(raw, scope)?;
                self.patterns.one_or_more(inner)
            }
            Raw::ZeroOrMore(raw) => {
                let inner = self.pattern(raw, scope)?;
                let many = self.patterns.one_or_more(inner);
                self.patterns.optional(many)
            }
            Raw::Optional(raw) => {
                let inner = self.pattern(raw, scope)?;
                self.patterns.optional(inner)
            }
            Raw::List(raw) => {
                let inner = self.pattern(raw, scope)?;
                self.patterns.list(inner)
            }
            Raw::Ref(name) => self.reference(scope, name)?,
            Raw::ParentRef(name) => match &scope.parent {
                Some(parent) => self.reference(&Rc::clone(parent), name)?,
                None => return Err(self.fault(["`", name, "` has no grammar around"].concat())),
            },
            Raw::Grammar(grammar) => {
                let parent = Some(Rc::clone(scope));
                let inner = Rc::new(Scope { grammar: Rc::clone(grammar), parent });
                self.reference(&inner, "")?
            }
            Raw::Element(names, body) => {
                let (made, at) = self.patterns.element(names.clone());
                self.waiting.push((at, Rc::clone(body), Rc::clone(scope)));
                made
            }
            Raw::Attribute(names, value) => {
                let value = self.pattern(value, scope)?;
                self.patterns.attribute(names.clone(), value)
            }
            Raw::Data(kind, facets, except) => {
                let except = except.as_ref().map(|e| self.pattern(e, scope)).transpose()?;
                let data = Data { kind: *kind, facets: facets.clone(), except };
                self.patterns.data(data)
            }
            Raw::Value(kind, text) => self.patterns.value(Value::new(*kind, text)),
        })
    }
}
