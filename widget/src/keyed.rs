//! Finds parts by key for a new order. Parts that keep their order are found without a search.

/// Parts in their old order.
pub(crate) struct Keyed<T> {
    parts: Vec<Option<T>>,
    key: fn(&T) -> u128,
    /// Parts before this index were taken or skipped.
    from: usize,
    /// How often keys were compared.
    #[cfg(test)]
    compared: usize,
}

impl<T> Keyed<T> {
    pub(crate) fn new(parts: Vec<T>, key: fn(&T) -> u128) -> Self {
        Self {
            parts: parts.into_iter().map(Some).collect(),
            key,
            from: 0,
            #[cfg(test)]
            compared: 0,
        }
    }

    /// Takes the part of a key. It is looked for after the last one found, then before it.
    pub(crate) fn take(&mut self, key: u128) -> Option<T> {
        let count = self.parts.len();
        for step in 0..count {
            let at = (self.from + step) % count;
            #[cfg(test)]
            {
                self.compared += 1;
            }
            if self.parts[at].as_ref().is_some_and(|part| (self.key)(part) == key) {
                self.from = at + 1;
                return self.parts[at].take();
            }
            if self.from >= count {
                // All parts up to the end were passed. What is looked for now is usually new: drop the holes before searching the rest.
                self.parts.retain(Option::is_some);
                self.from = 0;
                return self.take(key);
            }
        }
        None
    }

    /// Calls `gone` with each part that was not taken.
    pub(crate) fn rest(self, gone: impl FnMut(T)) {
        self.parts.into_iter().flatten().for_each(gone);
    }
}

#[cfg(test)]
mod tests {
    use super::Keyed;

    /// Takes the new keys; gives what was found, what was left, and how many comparisons it took.
    fn check(old: Vec<u128>, new: &[u128]) -> (Vec<Option<u128>>, Vec<u128>, usize) {
        let mut keyed = Keyed::new(old, |key| *key);
        let found = new.iter().map(|key| keyed.take(*key)).collect();
        let compared = keyed.compared;
        let mut left = Vec::new();
        keyed.rest(|key| left.push(key));
        (found, left, compared)
    }

    #[test]
    fn any_order_finds_what_is_there_once_and_leaves_the_rest() {
        let cases: [(&[u128], &[u128]); 9] = [
            (&[], &[1]),
            (&[1], &[]),
            (&[1, 2, 3], &[1, 2, 3]),
            (&[1, 2, 3], &[1, 2, 3, 4]),
            (&[1, 2, 3], &[0, 1, 2, 3]),
            (&[1, 2, 3], &[3, 2, 1]),
            (&[1, 2, 3], &[1, 3]),
            (&[1, 2, 3], &[7, 8]),
            (&[1, 2, 3, 4, 5], &[4, 1, 9, 2]),
        ];
        for (old, new) in cases {
            let (found, left, _) = check(old.to_vec(), new);
            let wanted: Vec<_> = new.iter().map(|key| old.contains(key).then_some(*key)).collect();
            assert_eq!(found, wanted, "{old:?} {new:?}");
            let gone: Vec<_> = old.iter().copied().filter(|key| !new.contains(key)).collect();
            assert_eq!(left, gone, "{old:?} {new:?}");
        }
    }

    #[test]
    fn ten_thousand_rows_that_stay_are_compared_once_each() {
        let rows: Vec<u128> = (0..10_000).collect();
        let more: Vec<u128> = (0..10_050).collect();
        assert_eq!(check(rows.clone(), &rows).2, 10_000);
        assert!(check(rows.clone(), &more).2 <= 10_100, "fifty new ones at the end");
        let fewer: Vec<u128> = (0..10_000).filter(|row| row % 100 != 0).collect();
        assert!(check(rows.clone(), &fewer).2 <= 10_000);
        let front: Vec<u128> = std::iter::once(77_777).chain(rows.iter().copied()).collect();
        assert!(check(rows, &front).2 <= 20_000);
    }
}
