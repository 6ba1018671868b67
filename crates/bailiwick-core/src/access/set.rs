//! Sets of permissions as bit masks. A model numbers its permissions from 0; at most [`MAX_PERMISSIONS`] fit.

use std::ops::{BitAnd, BitOr, BitOrAssign};

/// How many permissions one model can have.
pub const MAX_PERMISSIONS: usize = 256;

/// A permission's number within its model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permission(pub u8);

/// A set of permissions of one model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct PermissionSet([u64; MAX_PERMISSIONS / 64]);

impl PermissionSet {
    /// The set without members: no access (AB-033).
    pub const EMPTY: Self = Self([0; MAX_PERMISSIONS / 64]);

    /// Whether the permission is in the set.
    #[inline]
    pub fn has(&self, permission: Permission) -> bool {
        self.0[usize::from(permission.0 >> 6)] >> (permission.0 & 63) & 1 == 1
    }

    /// Puts one permission in.
    pub fn insert(&mut self, permission: Permission) {
        self.0[usize::from(permission.0 >> 6)] |= 1 << (permission.0 & 63);
    }

    /// Takes one permission out.
    pub fn remove(&mut self, permission: Permission) {
        self.0[usize::from(permission.0 >> 6)] &= !(1 << (permission.0 & 63));
    }

    /// What is in this set and not in the other.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        let mut rest = self;
        rest.0.iter_mut().zip(other.0).for_each(|(word, gone)| *word &= !gone);
        rest
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        *self == Self::EMPTY
    }

    /// Whether each of these is also in the other.
    pub fn is_within(self, other: Self) -> bool {
        self.without(other).is_empty()
    }

    /// The permissions in the set, by number.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        (0..=u8::MAX).map(Permission).filter(move |&p| self.has(p))
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(from: I) -> Self {
        let mut set = Self::EMPTY;
        from.into_iter().for_each(|p| set.insert(p));
        set
    }
}

impl BitOr for PermissionSet {
    type Output = Self;
    fn bitor(mut self, other: Self) -> Self {
        self |= other;
        self
    }
}

impl BitOrAssign for PermissionSet {
    fn bitor_assign(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(word, more)| *word |= more);
    }
}

impl BitAnd for PermissionSet {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        self.without(self.without(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_do_what_sets_do() {
        let set = |from: &[u8]| from.iter().copied().map(Permission).collect::<PermissionSet>();
        let (low, high) = (set(&[0, 63, 64, 255]), set(&[63, 128, 255]));
        assert_eq!(low | high, set(&[0, 63, 64, 128, 255]));
        assert_eq!(low & high, set(&[63, 255]));
        assert_eq!(low.without(high), set(&[0, 64]));
        assert!(set(&[64]).is_within(low) && !high.is_within(low));
        assert_eq!(low.iter().map(|p| p.0).collect::<Vec<_>>(), [0, 63, 64, 255]);
        let mut one = set(&[200]);
        one.remove(Permission(200));
        assert!(one.is_empty());
    }
}
