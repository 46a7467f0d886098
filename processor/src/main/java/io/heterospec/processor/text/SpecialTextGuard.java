package io.heterospec.processor.text;

import io.heterospec.processor.text.TextModel.ChatMessage;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Keeps text that looks like a special token from becoming one. Before a template is rendered, each
 * such text in a message is replaced by a placeholder in private-use characters; afterwards the
 * rendered text is cut at the placeholders, and what they stand for is encoded in parts that the
 * tokenizer does not recognise.
 *
 * <p>Control tokens are guarded everywhere. Added tokens that are not special (such as {@code
 * <tool_call>}) are guarded where the chat template gives them a meaning, but not in the
 * assistant's own earlier messages; others (runs of spaces, markup) are ordinary vocabulary.
 */
final class SpecialTextGuard {
  private static final char FIRST_PRIVATE = '\uE000';
  private static final char LAST_PRIVATE = '\uF8FF';

  private final List<String> structural;
  private final Pattern anyControl;
  private final Pattern anyStructural;

  SpecialTextGuard(Collection<AddedToken> tokens, String template) {
    // Longest first: where one begins like another, the tokenizer takes the longer.
    List<AddedToken> sorted = new ArrayList<>(tokens);
    sorted.sort(Comparator.comparingInt((AddedToken t) -> -t.content().length()));
    structural =
        sorted.stream()
            .filter(t -> t.special() || (template != null && template.contains(t.content())))
            .map(AddedToken::content)
            .toList();
    anyControl =
        anyOf(sorted.stream().filter(AddedToken::special).map(AddedToken::content).toList());
    anyStructural = anyOf(structural);
  }

  private static Pattern anyOf(List<String> texts) {
    return Pattern.compile(
        texts.isEmpty()
            ? "(?!)"
            : texts.stream().map(Pattern::quote).collect(Collectors.joining("|")));
  }

  /** A private-use character that occurs in none of the texts. */
  static char unusedCharacter(Collection<String> texts) {
    for (char c = FIRST_PRIVATE; c <= LAST_PRIVATE; c++) {
      char candidate = c;
      if (texts.stream().noneMatch(text -> text.indexOf(candidate) >= 0)) {
        return c;
      }
    }
    throw new IllegalArgumentException(
        "the prompt uses every private-use character; remove some of them");
  }

  ChatMessage hide(ChatMessage message, char mark) {
    boolean own = message.role().equals("assistant");
    return new ChatMessage(
        message.role(), hide(message.content(), own ? anyControl : anyStructural, mark));
  }

  String hide(String text, char mark) {
    return hide(text, anyStructural, mark);
  }

  private String hide(String text, Pattern guarded, char mark) {
    return guarded
        .matcher(text)
        .replaceAll(found -> mark + Integer.toString(structural.indexOf(found.group())) + mark);
  }

  /** A stretch of rendered text; literal text must not be recognised as special. */
  record Piece(String text, boolean literal) {}

  List<Piece> cut(String rendered, char mark) {
    List<Piece> pieces = new ArrayList<>();
    Matcher placeholder = Pattern.compile(mark + "(\\d+)" + mark).matcher(rendered);
    int begin = 0;
    while (placeholder.find()) {
      addPlain(pieces, rendered.substring(begin, placeholder.start()));
      addLiteral(pieces, structural.get(Integer.parseInt(placeholder.group(1))));
      begin = placeholder.end();
    }
    addPlain(pieces, rendered.substring(begin));
    return pieces;
  }

  private static void addPlain(List<Piece> pieces, String text) {
    if (!text.isEmpty()) {
      pieces.add(new Piece(text, false));
    }
  }

  // Split after the first character until no part is or contains a guarded text.
  private void addLiteral(List<Piece> pieces, String text) {
    int first = text.offsetByCodePoints(0, 1);
    if (structural.stream().noneMatch(text::contains) || first == text.length()) {
      pieces.add(new Piece(text, true));
      return;
    }
    addLiteral(pieces, text.substring(0, first));
    addLiteral(pieces, text.substring(first));
  }
}
