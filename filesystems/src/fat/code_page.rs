//! The code pages of short names.

/// How the bytes of a short name become characters. ASCII is the same in both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CodePage {
    /// IBM's original character set; what Linux assumes.
    #[default]
    Cp437,
    /// Western Europe.
    Cp850,
}

/// The characters of the bytes 80 to FF.
const CP437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";
const CP850: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}";

impl CodePage {
    fn upper_half(self) -> &'static str {
        match self {
            CodePage::Cp437 => CP437,
            CodePage::Cp850 => CP850,
        }
    }

    /// The character of `byte`.
    pub(super) fn decode(self, byte: u8) -> char {
        match byte.checked_sub(0x80) {
            None => char::from(byte),
            // Short names that aren't ASCII are rare: a search is good enough.
            Some(index) => self.upper_half().chars().nth(index.into()).unwrap_or(char::REPLACEMENT_CHARACTER),
        }
    }

    /// The character of `byte` in lower case, where the code page has it.
    pub(super) fn lower(self, byte: u8) -> char {
        let character = self.decode(byte);
        let mut lower = character.to_lowercase();
        match (lower.next(), lower.next()) {
            (Some(lower), None) if lower.is_ascii() || self.upper_half().contains(lower) => lower,
            _ => character,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_pages_are_whole() {
        for page in [CodePage::Cp437, CodePage::Cp850] {
            assert_eq!(page.upper_half().chars().count(), 128);
            assert_eq!((page.decode(b'A'), page.decode(0x81), page.decode(0xff)), ('A', 'ü', '\u{a0}'));
        }
        assert_eq!((CodePage::Cp437.decode(0xe1), CodePage::Cp850.decode(0xe1)), ('ß', 'ß'));
        assert_eq!((CodePage::Cp437.decode(0x9b), CodePage::Cp850.decode(0x9b)), ('¢', 'ø'));
    }

    #[test]
    fn lower_case_stays_within_the_page() {
        let lower = |byte| CodePage::Cp437.lower(byte);
        assert_eq!((lower(b'Z'), lower(0x9a), lower(0xe4)), ('z', 'ü', 'σ'));
        // There is no γ in it.
        assert_eq!(lower(0xe2), 'Γ');
    }
}
