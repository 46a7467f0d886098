package io.heterospec.processor.text;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Small tokenizers of the published kinds: their rules, with a handful of words. */
final class TokenizerFiles {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String WORDS =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|%s| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  private TokenizerFiles() {}

  /** Byte pairs of Llama 3: up to three digits together, a token in front. */
  static Path llama3(Path directory) throws IOException {
    ObjectNode root =
        byteLevel("\\p{N}{1,3}", List.of("<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"));
    root.putNull("normalizer");
    ObjectNode processor = root.putObject("post_processor").put("type", "TemplateProcessing");
    ArrayNode single = processor.putArray("single");
    single.addObject().putObject("SpecialToken").put("id", "<|begin_of_text|>").put("type_id", 0);
    single.addObject().putObject("Sequence").put("id", "A").put("type_id", 0);
    processor.putArray("pair").addObject().putObject("Sequence").put("id", "A").put("type_id", 0);
    ObjectNode first = processor.putObject("special_tokens").putObject("<|begin_of_text|>");
    first.put("id", "<|begin_of_text|>").putArray("ids").add(261);
    first.putArray("tokens").add("<|begin_of_text|>");
    return write(directory, root, 264, 261, 263);
  }

  /** Byte pairs of Qwen: single digits, composed characters, nothing in front. */
  static Path qwen(Path directory) throws IOException {
    ObjectNode root = byteLevel("\\p{N}", List.of("<|endoftext|>", "<|im_start|>", "<|im_end|>"));
    root.putObject("normalizer").put("type", "NFC");
    return write(directory, root, 264, 261, 263);
  }

  private static ObjectNode byteLevel(String digits, List<String> specials) {
    ObjectNode root = JSON.createObjectNode().put("version", "1.0");
    ObjectNode pre = root.putObject("pre_tokenizer").put("type", "Sequence");
    ArrayNode steps = pre.putArray("pretokenizers");
    ObjectNode split = steps.addObject().put("type", "Split").put("behavior", "Isolated");
    split.put("invert", false).putObject("pattern").put("Regex", WORDS.formatted(digits));
    steps
        .addObject()
        .put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", true)
        .put("use_regex", false);
    root.putObject("decoder")
        .put("type", "ByteLevel")
        .put("add_prefix_space", true)
        .put("trim_offsets", true)
        .put("use_regex", true);
    ObjectNode model = root.putObject("model").put("type", "BPE").put("ignore_merges", true);
    ObjectNode vocab = model.putObject("vocab");
    for (int b = 0; b < 256; b++) {
      vocab.put(byteCharacter(b), b);
    }
    ArrayNode merges = model.putArray("merges");
    int id = 256;
    for (String[] pair :
        new String[][] {{"1", "2"}, {"12", "3"}, {"123", "4"}, {"h", "i"}, {"Ġ", "hi"}}) {
      merges.add(pair[0] + " " + pair[1]);
      vocab.put(pair[0] + pair[1], id++);
    }
    ArrayNode added = root.putArray("added_tokens");
    for (String special : specials) {
      added
          .addObject()
          .put("id", id++)
          .put("content", special)
          .put("single_word", false)
          .put("lstrip", false)
          .put("rstrip", false)
          .put("normalized", false)
          .put("special", true);
    }
    return root;
  }

  // The printable stand-in that byte-level tokenizers use for a byte.
  private static String byteCharacter(int wanted) {
    int next = 256;
    for (int b = 0; b < 256; b++) {
      boolean itself = (b >= '!' && b <= '~') || (b >= 0xa1 && b != 0xad);
      int character = itself ? b : next++;
      if (b == wanted) {
        return Character.toString(character);
      }
    }
    throw new IllegalArgumentException("no byte: " + wanted);
  }

  private static Path write(Path directory, ObjectNode tokenizer, int vocabulary, int bos, int eos)
      throws IOException {
    config(directory, vocabulary, bos, eos);
    Files.write(directory.resolve("tokenizer.json"), JSON.writeValueAsBytes(tokenizer));
    return directory;
  }

  private static void config(Path directory, int vocabulary, int bos, int eos) throws IOException {
    Files.createDirectories(directory);
    ObjectNode config =
        JSON.createObjectNode()
            .put("model_type", "llama")
            .put("hidden_size", 8)
            .put("num_hidden_layers", 1)
            .put("num_attention_heads", 2)
            .put("intermediate_size", 8)
            .put("vocab_size", vocabulary)
            .put("bos_token_id", bos)
            .put("eos_token_id", eos);
    Files.write(directory.resolve("config.json"), JSON.writeValueAsBytes(config));
  }

  /** The only tokenizer of Vicuna: a SentencePiece model with unknown characters as bytes. */
  static Path sentencePiece(Path directory) throws IOException {
    ByteArrayOutputStream model = new ByteArrayOutputStream();
    int count = 0;
    piece(model, "<unk>", 0, 2);
    piece(model, "<s>", 0, 3);
    piece(model, "</s>", 0, 3);
    for (int b = 0; b < 256; b++) {
      piece(model, "<0x%02X>".formatted(b), 0, 6);
    }
    for (String text :
        ("he ▁t ll ▁he llo ▁hello ▁the ▁ h e l o t < / s > A S I T N U E R :").split(" ")) {
      piece(model, text, -count++, 1);
    }
    message(model, 2, new byte[] {3 << 3, 2}); // trainer: byte pairs
    message(model, 3, new byte[] {3 << 3, 1}); // normalizer: a space in front
    config(directory, 259 + count, 1, 2);
    Files.write(directory.resolve("tokenizer.model"), model.toByteArray());
    Files.writeString(
        directory.resolve("tokenizer_config.json"),
        "{\"bos_token\": \"<s>\", \"eos_token\": {\"content\": \"</s>\"}, \"add_bos_token\": true}");
    return directory;
  }

  private static void piece(ByteArrayOutputStream out, String text, float score, int kind)
      throws IOException {
    ByteArrayOutputStream piece = new ByteArrayOutputStream();
    message(piece, 1, text.getBytes(StandardCharsets.UTF_8));
    piece.write(2 << 3 | 5);
    piece.write(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(score).array());
    piece.write(3 << 3);
    piece.write(kind);
    message(out, 1, piece.toByteArray());
  }

  private static void message(ByteArrayOutputStream out, int field, byte[] content)
      throws IOException {
    out.write(field << 3 | 2);
    out.write(content.length);
    out.write(content);
  }
}
