package io.heterospec.processor.text;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.processor.text.SentencePieceModel.Kind;
import io.heterospec.processor.text.SentencePieceModel.Piece;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A {@code tokenizer.json} with the tokens of a {@code tokenizer.model}, as Hugging Face's {@code
 * LlamaConverter} makes it: byte pairs merged by score, unknown characters as bytes.
 */
final class SentencePieceTokenizer {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String SPACE = "▁";

  private SentencePieceTokenizer() {}

  private record Merge(String left, String right, float score) {}

  static byte[] json(SentencePieceModel model) {
    ObjectNode root = JSON.createObjectNode();
    root.put("version", "1.0");
    ArrayNode added = root.putArray("added_tokens");
    ObjectNode tokens = JSON.createObjectNode();
    String unknown = null;
    for (int id = 0; id < model.pieces().size(); id++) {
      Piece piece = model.pieces().get(id);
      tokens.put(piece.text(), id);
      if (piece.kind() == Kind.UNKNOWN) {
        unknown = piece.text();
      }
      if (piece.kind() != Kind.NORMAL && piece.kind() != Kind.BYTE && piece.kind() != Kind.UNUSED) {
        added.add(
            token(JSON.createObjectNode(), id, piece.text(), piece.kind() != Kind.USER_DEFINED));
      }
    }
    normalizer(root, model);
    decoder(root, model);
    ObjectNode bytePairs = root.putObject("model");
    bytePairs
        .put("type", "BPE")
        .put("unk_token", unknown)
        .put("fuse_unk", true)
        .put("byte_fallback", model.pieces().stream().anyMatch(p -> p.kind() == Kind.BYTE))
        .set("vocab", tokens);
    ArrayNode merges = bytePairs.putArray("merges");
    merges(model).forEach(m -> merges.addArray().add(m.left()).add(m.right()));
    try {
      return JSON.writeValueAsBytes(root);
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory cannot fail", e);
    }
  }

  private static ObjectNode token(ObjectNode node, int id, String content, boolean special) {
    return node.put("id", id)
        .put("content", content)
        .put("single_word", false)
        .put("lstrip", false)
        .put("rstrip", false)
        .put("normalized", false)
        .put("special", special);
  }

  private static void normalizer(ObjectNode root, SentencePieceModel model) {
    ArrayNode steps = root.putObject("normalizer").put("type", "Sequence").putArray("normalizers");
    if (model.addsPrefix()) {
      steps.addObject().put("type", "Prepend").put("prepend", SPACE);
    }
    replace(steps.addObject(), " ", SPACE);
  }

  private static void decoder(ObjectNode root, SentencePieceModel model) {
    ArrayNode steps = root.putObject("decoder").put("type", "Sequence").putArray("decoders");
    replace(steps.addObject(), SPACE, " ");
    steps.addObject().put("type", "ByteFallback");
    steps.addObject().put("type", "Fuse");
    if (model.addsPrefix()) {
      steps.addObject().put("type", "Strip").put("content", " ").put("start", 1).put("stop", 0);
    }
  }

  private static void replace(ObjectNode step, String from, String to) {
    step.put("type", "Replace").put("content", to).putObject("pattern").put("String", from);
  }

  // A piece can come of any two pieces that make it up; the higher its score, the earlier.
  private static List<Merge> merges(SentencePieceModel model) {
    Map<String, Integer> ids = new HashMap<>();
    for (Piece piece : model.pieces()) {
      ids.putIfAbsent(piece.text(), ids.size());
    }
    List<Merge> merges = new ArrayList<>();
    for (Piece piece : model.pieces()) {
      List<Merge> own = new ArrayList<>();
      String text = piece.text();
      for (int at = text.isEmpty() ? 0 : text.offsetByCodePoints(0, 1);
          at < text.length();
          at = text.offsetByCodePoints(at, 1)) {
        String left = text.substring(0, at);
        String right = text.substring(at);
        if (ids.containsKey(left) && ids.containsKey(right)) {
          own.add(new Merge(left, right, piece.score()));
        }
      }
      own.sort(
          Comparator.comparing((Merge m) -> ids.get(m.left()))
              .thenComparing(m -> ids.get(m.right())));
      merges.addAll(own);
    }
    merges.sort(Comparator.comparingDouble((Merge m) -> -m.score()));
    return merges;
  }
}
