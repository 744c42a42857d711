//! Architectures as a number of places, each with a number of choices.

/// An architecture that is a choice at each of a fixed number of places.
pub(crate) trait Digits: Copy {
    /// Number of choices at each place, in the order of the architecture string.
    fn radices() -> Vec<usize>;

    /// The choice at each place, each below its radix.
    fn digits(&self) -> Vec<usize>;

    /// The architecture of these choices; places that are not given have choice 0.
    fn of_digits(digits: &[usize]) -> Self;

    /// Number of architectures, where it is small enough to count them off.
    fn count() -> Option<usize> {
        const MOST: usize = 1 << 24;
        let product = Self::radices().into_iter().try_fold(1usize, usize::checked_mul);
        product.filter(|&n| n <= MOST)
    }

    /// The architecture at this position, which begins anew after the end; the last
    /// place varies fastest.
    fn nth(index: usize) -> Self {
        let radices = Self::radices();
        let mut rest = index;
        let mut digits: Vec<usize> = radices
            .iter()
            .rev()
            .map(|&radix| {
                let digit = rest % radix;
                rest /= radix;
                digit
            })
            .collect();
        digits.reverse();
        Self::of_digits(&digits)
    }
}

/// The place of `item` among the choices, 0 where it is none of them.
pub(crate) fn position<T: PartialEq>(choices: &[T], item: &T) -> usize {
    choices.iter().position(|c| c == item).unwrap_or(0)
}
