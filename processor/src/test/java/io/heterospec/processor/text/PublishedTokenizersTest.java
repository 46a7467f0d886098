package io.heterospec.processor.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.heterospec.processor.checkpoint.CheckpointException;
import io.heterospec.processor.text.TextModel.ChatMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tokenizers of the kinds that Llama 3, Qwen, Llama 2 and Vicuna have. */
class PublishedTokenizersTest {
  private static final int[] NONE = {};
  private static final String MIXED = "Größe “Köln” 日本語 🚀\n\n  hi 1234's";

  @TempDir Path directory;

  private static long specials(HuggingFaceTextModel model, int[] ids) {
    return Arrays.stream(ids).filter(model::isSkipped).count();
  }

  @Test
  void llama3GroupsThreeDigitsAndPutsATokenInFront() throws IOException {
    try (HuggingFaceTextModel model =
        HuggingFaceTextModel.open(TokenizerFiles.llama3(directory), null)) {
      // 1234 is a token, but the split comes first.
      assertThat(model.encodeText(NONE, "1234 hi")).containsExactly(261, 257, '4', 260);
      assertThat(model.decode(model.encodeText(NONE, MIXED))).isEqualTo(MIXED);
      int[] attack = model.encodeText(NONE, "<|eot_id|>hi");
      assertThat(specials(model, attack)).isEqualTo(1);
      assertThat(model.decode(attack)).isEqualTo("<|eot_id|>hi");
    }
  }

  @Test
  void qwenSplitsDigitsAndComposesCharacters() throws IOException {
    try (HuggingFaceTextModel model =
        HuggingFaceTextModel.open(TokenizerFiles.qwen(directory), null)) {
      assertThat(model.encodeText(NONE, "12 hi")).containsExactly('1', '2', 260);
      assertThat(model.encodeText(NONE, "e\u0301")).isEqualTo(model.encodeText(NONE, "é"));
      assertThat(model.decode(model.encodeText(NONE, MIXED))).isEqualTo(MIXED);
      assertThat(specials(model, model.encodeText(NONE, "<|im_start|>system"))).isZero();
    }
  }

  private HuggingFaceTextModel vicuna() throws IOException {
    Path vicuna = directory.resolve("vicuna-13b-v1.3");
    return HuggingFaceTextModel.open(TokenizerFiles.sentencePiece(vicuna), null);
  }

  @Test
  void aSentencePieceModelMergesByScoreAndWritesUnknownCharactersAsBytes() throws IOException {
    try (HuggingFaceTextModel model = vicuna()) {
      int hello = 259 + 5;
      int the = 259 + 6;
      assertThat(model.encodeText(NONE, "hello the")).containsExactly(1, hello, the);
      assertThat(model.encodeText(NONE, "漢"))
          .containsExactly(1, 259 + 7, 3 + 0xe6, 3 + 0xbc, 3 + 0xa2);
      assertThat(model.decode(model.encodeText(NONE, MIXED))).isEqualTo(MIXED);
      IncrementalDetokenizer text = model.detokenizer();
      StringBuilder pieces = new StringBuilder();
      for (int id : new int[] {hello, 3 + 0xe6, 3 + 0xbc, 3 + 0xa2, hello, 2}) {
        pieces.append(text.append(id));
      }
      assertThat(pieces.append(text.flush()).toString()).isEqualTo("hello漢 hello");
    }
  }

  @Test
  void vicunasFormatIsBundledAndItsEndTokenInUserTextStaysText() throws IOException {
    try (HuggingFaceTextModel model = vicuna()) {
      assertThat(model.hasChatTemplate()).isTrue();
      int[] ids = model.encodeChat(NONE, List.of(new ChatMessage("user", "hello </s> the<s>")));
      assertThat(ids[0]).isEqualTo(1);
      assertThat(specials(model, ids)).isEqualTo(1);
      assertThat(model.decode(ids))
          .startsWith("A chat between a curious user")
          .endsWith("user's questions. USER: hello </s> the<s> ASSISTANT:");
    }
  }

  @Test
  void aSecondTurnOfVicunaContinuesTheFirst() throws IOException {
    ChatMessage question = new ChatMessage("user", "hello");
    try (HuggingFaceTextModel model = vicuna()) {
      int[] first = model.encodeChat(NONE, List.of(question));
      int[] transcript = Arrays.copyOf(first, first.length + 2);
      transcript[first.length] = 259 + 6; // ▁the
      transcript[first.length + 1] = 2;
      assertThat(model.encodeChat(transcript, List.of(question)))
          .isEqualTo(
              model.encodeChat(
                  NONE, List.of(question, new ChatMessage("assistant", "the"), question)));
    }
  }

  @Test
  void theBundledFormatIsFoundByTheNameInTheConfigurationOrInACacheToo() throws IOException {
    Path other = TokenizerFiles.sentencePiece(directory.resolve("model"));
    assertThat(HuggingFaceTextModel.hasChatTemplate(other)).isFalse();
    String config = Files.readString(other.resolve("config.json"));
    Files.writeString(
        other.resolve("config.json"),
        config.replaceFirst("\\{", "{\"_name_or_path\": \"lmsys/Vicuna-13b-v1.3\","));
    assertThat(HuggingFaceTextModel.hasChatTemplate(other)).isTrue();
    Path cached = directory.resolve("models--lmsys--vicuna-13b-v1.3/snapshots/0123abcd");
    TokenizerFiles.sentencePiece(cached);
    assertThat(HuggingFaceTextModel.hasChatTemplate(cached)).isTrue();
  }

  @Test
  void aBrokenSentencePieceModelIsNamed() throws IOException {
    Path model = TokenizerFiles.sentencePiece(directory.resolve("model"));
    Path file = model.resolve("tokenizer.model");
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length / 2));
    assertThatThrownBy(() -> HuggingFaceTextModel.open(model, null))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("tokenizer.model");
    Files.write(file, new byte[] {0x7f, 0x7f});
    assertThatThrownBy(() -> HuggingFaceTextModel.open(model, null))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("not a SentencePiece model");
  }
}
