//! One type from several declarations of one value.

use super::types::{Dim, ValueType};

impl ValueType {
    /// Takes from `other` what this type leaves open: element type, rank,
    /// dimensions. A size stays before a symbol, and a symbol before nothing.
    ///
    /// # Errors
    /// What both know and disagree on; this type stays.
    pub(super) fn refine(&mut self, other: Self) -> Result<(), String> {
        self.contradiction(&other).map_or(Ok(()), Err)?;
        if self.container.is_none() && self.dtype.is_none() && self.shape.is_none() {
            *self = other;
            return Ok(());
        }
        self.dtype = self.dtype.or(other.dtype);
        match (&mut self.shape, other.shape) {
            (Some(mine), Some(theirs)) => mine.iter_mut().zip(theirs).for_each(refine_dim),
            (mine, theirs) => *mine = mine.take().or(theirs),
        }
        Ok(())
    }

    fn contradiction(&self, other: &Self) -> Option<String> {
        let is_open = |t: &Self| t.dtype.is_none() && t.shape.is_none();
        if self.container != other.container && !is_open(self) && !is_open(other) {
            let name = |t: &Self| t.container.as_deref().unwrap_or("tensor").to_owned();
            return Some(format!("a {} and a {}", name(self), name(other)));
        }
        if let (Some(a), Some(b)) = (self.dtype, other.dtype)
            && a != b
        {
            return Some(format!("of element type {a} and of {b}"));
        }
        let (a, b) = (self.shape.as_ref()?, other.shape.as_ref()?);
        if a.len() != b.len() {
            return Some(format!("of {} dimensions and of {}", a.len(), b.len()));
        }
        a.iter().zip(b).enumerate().find_map(|(i, pair)| match pair {
            (Dim::Known(a), Dim::Known(b)) if a != b => {
                Some(format!("of size {a} and of {b} in dimension {i}"))
            }
            _ => None,
        })
    }
}

fn refine_dim((mine, theirs): (&mut Dim, Dim)) {
    let better = match (&mine, &theirs) {
        (Dim::Known(_), _) | (_, Dim::Unknown) => false,
        (Dim::Symbol(_), Dim::Symbol(_)) => false,
        (Dim::Symbol(_) | Dim::Unknown, _) => true,
    };
    if better {
        *mine = theirs;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::DataType;

    fn ty(dtype: i32, dims: Option<&[&str]>) -> ValueType {
        let dim = |d: &&str| match (d.parse(), *d) {
            (Ok(n), _) => Dim::Known(n),
            (_, "?") => Dim::Unknown,
            (_, s) => Dim::Symbol(s.to_owned()),
        };
        let dtype = (dtype != 0).then(|| DataType::from(dtype));
        ValueType { dtype, shape: dims.map(|d| d.iter().map(dim).collect()), container: None }
    }

    #[test]
    fn known_never_gives_way_to_less_known() {
        type Dims<'a> = Option<&'a [&'a str]>;
        let cases: [(Dims, Dims, Dims); 6] = [
            (Some(&["3", "4"]), None, Some(&["3", "4"])),
            (None, Some(&["3", "b"]), Some(&["3", "b"])),
            (Some(&["3", "4"]), Some(&["a", "?"]), Some(&["3", "4"])),
            (Some(&["a", "?", "?"]), Some(&["3", "b", "?"]), Some(&["3", "b", "?"])),
            (Some(&["a"]), Some(&["b"]), Some(&["a"])),
            (None, None, None),
        ];
        for (first, second, merged) in cases {
            let mut t = ty(1, first);
            t.refine(ty(0, second)).unwrap();
            assert_eq!(t, ty(1, merged), "{first:?} {second:?}");
            let mut t = ty(0, first);
            t.refine(ty(1, second)).unwrap();
            assert_eq!(t, ty(1, merged), "{first:?} {second:?}");
        }
    }

    #[test]
    fn contradictions_are_named() {
        let said = |a: &ValueType, b: ValueType| a.clone().refine(b).unwrap_err();
        let a = ty(1, Some(&["n", "4"]));
        assert_eq!(said(&a, ty(1, Some(&["n", "5"]))), "of size 4 and of 5 in dimension 1");
        assert_eq!(said(&a, ty(1, Some(&["n"]))), "of 2 dimensions and of 1");
        assert_eq!(said(&a, ty(7, None)), "of element type f32 and of i64");
        let seq = ValueType { container: Some("seq".into()), ..ty(1, None) };
        assert_eq!(said(&a, seq), "a tensor and a seq");
    }
}
