//! Overwrites what is left in the unused parts of the database's pages.
//!
//! `secure_delete` overwrites a row where it was. But when SQLite spreads the rows of full pages anew, a row that moves can leave a copy behind between the
//! index and the content of its old page. Databases of earlier relays have more of that, and free pages with all that they ever held. So after something
//! was erased every page is looked at, a few in each transaction, through SQLite's own view of its pages (`sqlite_dbpage`, which `.cargo/config.toml`
//! has it built with): what no row uses becomes zero. The format is <https://www.sqlite.org/fileformat2.html>.

use std::collections::BTreeMap;

use rusqlite::{Connection, Result, params};

use super::row;

/// Pages looked at in one transaction: half a MiB.
const PAGES_PER_STEP: u64 = 128;
/// Trunk pages of the list of free pages that are read at most; a list that is longer makes a circle.
const TRUNKS_MAX: usize = 1 << 20;

/// Looks at some pages from a number on; gives where to go on.
pub(super) fn step(connection: &Connection, from: u64) -> Result<Option<u64>> {
    let pages = connection.query_row("PRAGMA page_count", [], |row| row.get::<_, i64>(0))?.unsigned_abs();
    // The first one is the schema's.
    let first = from.max(2);
    let until = (first + PAGES_PER_STEP).min(pages + 1);
    let free = free_pages(connection, first..until)?;
    for number in first..until {
        let Some(mut page) = read(connection, number)? else { continue };
        let changed = match free.get(&number) {
            Some(used) => zero(page.get_mut(*used..).unwrap_or_default()),
            None => clean(&mut page),
        };
        if changed {
            const SQL: &str = "UPDATE sqlite_dbpage SET data = ?1 WHERE pgno = ?2";
            connection.prepare_cached(SQL)?.execute(params![page, row::column(number)])?;
        }
    }
    Ok((until <= pages).then_some(until))
}

fn read(connection: &Connection, number: u64) -> Result<Option<Vec<u8>>> {
    const SQL: &str = "SELECT data FROM sqlite_dbpage WHERE pgno = ?1";
    let mut sql = connection.prepare_cached(SQL)?;
    let mut rows = sql.query([row::column(number)])?;
    match rows.next()? {
        Some(row) => row.get(0),
        None => Ok(None),
    }
}

/// Free pages of a range, each with how many bytes at its beginning SQLite needs: none of the leaves of its list.
fn free_pages(connection: &Connection, range: std::ops::Range<u64>) -> Result<BTreeMap<u64, usize>> {
    let mut found = BTreeMap::new();
    let Some(head) = read(connection, 1)? else { return Ok(found) };
    let mut trunk = number_at(&head, 32);
    for _ in 0..TRUNKS_MAX {
        if trunk == 0 {
            break;
        }
        let Some(page) = read(connection, trunk)? else { break };
        let leaves = usize::try_from(number_at(&page, 4)).unwrap_or(usize::MAX).min(page.len() / 4 - 2);
        let listed = (0..leaves).map(|at| (number_at(&page, 8 + 4 * at), 0)).chain([(trunk, 8 + 4 * leaves)]);
        found.extend(listed.filter(|(number, _)| range.contains(number)));
        trunk = number_at(&page, 0);
    }
    Ok(found)
}

/// Four bytes as a number; 0 beyond the end.
fn number_at(page: &[u8], at: usize) -> u64 {
    let bytes = page.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0, |bytes| u32::from_be_bytes(bytes).into())
}

/// Two bytes as a number; 0 beyond the end.
fn short_at(page: &[u8], at: usize) -> usize {
    let bytes = page.get(at..at + 2).and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0, |bytes| u16::from_be_bytes(bytes).into())
}

/// Overwrites; whether there was something.
fn zero(bytes: &mut [u8]) -> bool {
    let used = bytes.iter().any(|byte| *byte != 0);
    bytes.fill(0);
    used
}

/// Overwrites what no row of a page uses: between the index and the content, and in the free blocks among the content. A page that is not one of a tree
/// stays as it is.
fn clean(page: &mut [u8]) -> bool {
    let head = match page.first() {
        Some(2 | 5) => 12,
        Some(10 | 13) => 8,
        Some(_) | None => return false,
    };
    let rows = short_at(page, 3);
    let index_end = head + 2 * rows;
    let content = match short_at(page, 5) {
        0 => 65_536,
        begin => begin,
    };
    let in_content = |at: usize| (content..page.len()).contains(&at);
    // A page of other content that looks like one of a tree by chance fails here.
    if content < index_end || content > page.len() || !(0..rows).all(|row| in_content(short_at(page, head + 2 * row))) {
        return false;
    }
    let mut blocks = Vec::new();
    let mut block = short_at(page, 1);
    while block != 0 {
        let (next, bytes) = (short_at(page, block), short_at(page, block + 2));
        let end = block + bytes;
        if !in_content(block) || bytes < 4 || end > page.len() || (next != 0 && next < end) {
            return false;
        }
        blocks.push(block + 4..end);
        block = next;
    }
    let mut changed = zero(&mut page[index_end..content]);
    for block in blocks {
        changed |= zero(&mut page[block]);
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A leaf of four hundred bytes with two rows, one free block and remains everywhere else.
    fn leaf() -> Vec<u8> {
        let mut page = vec![0xee; 400];
        page[..8].copy_from_slice(&[13, 0, 200, 0, 2, 0, 180, 0]);
        page[8..12].copy_from_slice(&[0, 180, 1, 0]);
        page[200..204].copy_from_slice(&[0, 0, 0, 56]);
        page
    }

    #[test]
    fn only_what_no_row_uses_is_overwritten() {
        let (before, mut page) = (leaf(), leaf());
        assert!(clean(&mut page));
        assert_eq!(page[..12], before[..12]);
        assert!(page[12..180].iter().all(|byte| *byte == 0), "between index and content");
        assert_eq!(page[180..204], before[180..204], "the first row, and the head of the free block");
        assert!(page[204..256].iter().all(|byte| *byte == 0), "in the free block");
        assert_eq!(page[256..], before[256..], "the second row");
        assert!(!clean(&mut page), "once is enough");
    }

    #[test]
    fn what_is_no_page_of_a_tree_stays() {
        for (at, byte) in [(0, 1), (4, 200), (6, 8), (8, 3), (9, 0), (201, 100), (203, 2), (202, 200)] {
            let mut page = leaf();
            page[at] = byte;
            let before = page.clone();
            assert!(!clean(&mut page), "byte {at}");
            assert_eq!(page, before);
        }
    }
}
