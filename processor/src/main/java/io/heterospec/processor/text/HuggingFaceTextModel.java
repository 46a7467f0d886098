package io.heterospec.processor.text;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import io.heterospec.processor.checkpoint.CheckpointException;
import io.heterospec.processor.checkpoint.Fingerprint;
import io.heterospec.processor.checkpoint.TargetConfig;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The text side of a Hugging Face directory: {@code tokenizer.json} or {@code tokenizer.model},
 * {@code tokenizer_config.json} and the chat template. Works without a tokenizer for callers that
 * bring token ids; then encoding is refused and decoded text is empty. Safe for use by many threads
 * until closed.
 */
public final class HuggingFaceTextModel implements TextModel, TokenDecoder, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HuggingFaceTextModel.class);

  private final Path directory;
  private final String name;
  private final String fingerprint;
  private final TargetConfig config;
  private final HuggingFaceTokenizer tokenizer; // null without one in the directory
  private final SectionEncoder sections; // null without a tokenizer
  private final Set<Integer> specialIds;
  private final SpecialTextGuard guard;
  private final ChatTemplate template; // null without a chat template
  private final int[] textPrefix;
  private final Clock clock;

  private HuggingFaceTextModel(
      Path directory,
      Path draft,
      String name,
      Clock clock,
      TokenizerSource source,
      HuggingFaceTokenizer tokenizer) {
    this.directory = directory;
    this.name = name == null ? directory.toAbsolutePath().getFileName().toString() : name;
    this.config = TargetConfig.read(directory);
    this.tokenizer = tokenizer;
    this.clock = clock;
    List<AddedToken> added = tokenizer == null ? List.of() : addedTokens(source, config);
    TokenizerSettings settings = TokenizerSettings.read(directory);
    String bos =
        settings.bosToken() == null ? content(added, config.bosTokenId()) : settings.bosToken();
    String eos = settings.eosToken();
    if (eos == null && config.eosTokenIds().length > 0) {
      eos = content(added, config.eosTokenIds()[0]);
    }
    String jinja = settings.chatTemplate();
    this.template = jinja == null ? null : new ChatTemplate(jinja, bos, eos);
    this.guard = new SpecialTextGuard(added, jinja);
    this.specialIds = new HashSet<>();
    added.stream().filter(AddedToken::special).forEach(token -> specialIds.add(token.id()));
    this.sections =
        tokenizer == null
            ? null
            : new SectionEncoder(
                tokenizer,
                added.stream()
                    .filter(AddedToken::special)
                    .map(AddedToken::content)
                    .findFirst()
                    .orElse(null));
    this.textPrefix = tokenizer == null ? new int[0] : textPrefix(added, bos, settings);
    this.fingerprint = draft == null ? Fingerprint.of(directory) : Fingerprint.of(directory, draft);
  }

  /**
   * Opens the text side of a target.
   *
   * @param name name that requests use, or null for the directory's own
   * @throws CheckpointException when a file is broken or does not fit config.json
   */
  public static HuggingFaceTextModel open(Path directory, String name) {
    return open(directory, null, name);
  }

  /**
   * Opens the text side of a target with a draft head, which counts in the fingerprint.
   *
   * @param draft directory of the head, or null
   */
  public static HuggingFaceTextModel open(Path directory, Path draft, String name) {
    return open(directory, draft, name, Clock.systemDefaultZone());
  }

  static HuggingFaceTextModel open(Path directory, Path draft, String name, Clock clock) {
    TokenizerSource source = TokenizerSource.of(directory);
    HuggingFaceTokenizer tokenizer = source == null ? null : tokenizer(source);
    try {
      return new HuggingFaceTextModel(directory, draft, name, clock, source, tokenizer);
    } catch (RuntimeException e) {
      if (tokenizer != null) {
        tokenizer.close();
      }
      throw e;
    }
  }

  private static HuggingFaceTokenizer tokenizer(TokenizerSource source) {
    // Where it sees a GPU, the library would download another build of itself.
    if (System.getProperty("RUST_FLAVOR") == null) {
      System.setProperty("RUST_FLAVOR", "cpu");
    }
    Map<String, String> options =
        Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false");
    try (InputStream in = source.open()) {
      return HuggingFaceTokenizer.newInstance(in, options);
    } catch (IOException | RuntimeException e) {
      throw new CheckpointException(
          source.file() + " is not a tokenizer file this program can read: " + e.getMessage(), e);
    }
  }

  private static List<AddedToken> addedTokens(TokenizerSource source, TargetConfig config) {
    TokenizerFile file = TokenizerFile.read(source);
    if (file.maxId() >= config.vocabularySize()) {
      throw new CheckpointException(
          "%s has token id %d but vocab_size in config.json is %d; use the model's own tokenizer"
              .formatted(file.file(), file.maxId(), config.vocabularySize()));
    }
    return file.addedTokens();
  }

  private static String content(List<AddedToken> added, int id) {
    return added.stream()
        .filter(token -> token.id() == id)
        .map(AddedToken::content)
        .findFirst()
        .orElse(null);
  }

  // Tokens before raw text: what the tokenizer itself adds in front, else the beginning-of-text
  // token where the settings ask for it or every conversation of the template begins with it.
  private int[] textPrefix(List<AddedToken> added, String bos, TokenizerSettings settings) {
    if (settings.addBos().isPresent() && !settings.addBos().get()) {
      return new int[0];
    }
    long[] wrapped = tokenizer.encode("", true, false).getIds();
    int[] own =
        Arrays.stream(wrapped)
            .mapToInt(Math::toIntExact)
            .limit(1)
            .filter(id -> id == config.bosTokenId())
            .toArray();
    boolean wanted =
        settings.addBos().orElse(template != null && template.source().contains("bos_token"));
    if (own.length > 0 || !wanted) {
      return own;
    }
    return added.stream()
        .filter(token -> token.content().equals(bos))
        .mapToInt(AddedToken::id)
        .limit(1)
        .toArray();
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String fingerprint() {
    return fingerprint;
  }

  @Override
  public int contextLength() {
    return config.contextLength();
  }

  @Override
  public int vocabularySize() {
    return config.vocabularySize();
  }

  @Override
  public int defaultMaxTokens() {
    return config.defaultMaxTokens();
  }

  @Override
  public int[] eosTokenIds() {
    return config.eosTokenIds().clone();
  }

  @Override
  public IncrementalDetokenizer detokenizer() {
    return new IncrementalDetokenizer(this);
  }

  /**
   * Whether a directory tells how conversations look, or is of a model for which it is known.
   *
   * @throws CheckpointException when a file is broken
   */
  public static boolean hasChatTemplate(Path directory) {
    return TokenizerSettings.read(directory).chatTemplate() != null;
  }

  /** Whether text can be encoded. */
  public boolean hasTokenizer() {
    return tokenizer != null;
  }

  /** Whether conversations can be encoded. */
  public boolean hasChatTemplate() {
    return tokenizer != null && template != null;
  }

  /**
   * Encodes a conversation, so that the first request does not wait for the template engine's
   * classes. A template that cannot be rendered is told of here, before anybody needs it.
   */
  public void warmUp() {
    if (!hasChatTemplate()) {
      return;
    }
    try {
      encodeChat(new int[0], List.of(new ChatMessage("user", "Hello")));
    } catch (IllegalArgumentException e) {
      LOG.warn("{}: {}", directory, e.getMessage());
    }
  }

  @Override
  public int[] encodeChat(int[] transcript, List<ChatMessage> messages) {
    requireTokenizer();
    if (template == null) {
      throw new IllegalArgumentException(
          directory + " has no chat template: send raw text instead of messages");
    }
    ChatRoles.require(messages, template.source());
    List<String> contents = new ArrayList<>(messages.stream().map(ChatMessage::content).toList());
    contents.add(template.source());
    char mark = SpecialTextGuard.unusedCharacter(contents);
    List<ChatMessage> hidden = messages.stream().map(m -> guard.hide(m, mark)).toList();
    ZonedDateTime now = ZonedDateTime.now(clock);
    if (transcript.length == 0) {
      return encode(guard.cut(template.render(hidden, true, now), mark));
    }
    return append(transcript, continuation(hidden, mark, now));
  }

  // A transcript is ids, not messages: an invented exchange stands for it, and what the template
  // renders after the invented answer continues any real one.
  private int[] continuation(List<ChatMessage> messages, char mark, ZonedDateTime now) {
    String answer = mark + "answer" + mark;
    List<ChatMessage> all = new ArrayList<>();
    all.add(new ChatMessage("user", "question"));
    all.add(new ChatMessage("assistant", answer));
    all.addAll(messages);
    String rendered = template.render(all, true, now);
    int at = rendered.indexOf(answer);
    if (at < 0) {
      throw new IllegalArgumentException(
          "the model's chat template drops earlier answers, so a session cannot be continued;"
              + " send the whole conversation without a session");
    }
    return encode(guard.cut(rendered.substring(at + answer.length()), mark));
  }

  // An answer that ended by itself already has the end-of-turn token the template writes after it.
  private int[] append(int[] transcript, int[] continuation) {
    boolean ended =
        continuation.length > 0
            && continuation[0] == transcript[transcript.length - 1]
            && specialIds.contains(continuation[0]);
    return IntStream.concat(
            Arrays.stream(transcript), Arrays.stream(continuation).skip(ended ? 1 : 0))
        .toArray();
  }

  @Override
  public int[] encodeText(int[] transcript, String text) {
    requireTokenizer();
    if (text.isEmpty()) {
      throw new IllegalArgumentException("the prompt is empty; give it some text");
    }
    char mark = SpecialTextGuard.unusedCharacter(List.of(text));
    int[] ids = encode(guard.cut(guard.hide(text, mark), mark));
    int[] before = transcript.length == 0 ? textPrefix : transcript;
    return IntStream.concat(Arrays.stream(before), Arrays.stream(ids)).toArray();
  }

  private int[] encode(List<SpecialTextGuard.Piece> pieces) {
    IntStream.Builder ids = IntStream.builder();
    boolean first = true;
    boolean afterSpecial = false;
    for (SpecialTextGuard.Piece piece : pieces) {
      for (long id : sections.encode(piece.text(), first, afterSpecial)) {
        if (piece.literal() && specialIds.contains((int) id)) {
          throw new IllegalArgumentException(
              "the prompt contains a special token that this tokenizer cannot write as text;"
                  + " remove it");
        }
        ids.add((int) id);
        first = false;
        afterSpecial = specialIds.contains((int) id);
      }
    }
    return ids.build().toArray();
  }

  @Override
  public String decode(int[] ids) {
    return tokenizer == null
        ? ""
        : tokenizer.decode(Arrays.stream(ids).asLongStream().toArray(), true);
  }

  @Override
  public boolean isSkipped(int id) {
    return tokenizer == null || specialIds.contains(id);
  }

  private void requireTokenizer() {
    if (tokenizer == null) {
      throw new IllegalArgumentException(
          directory
              + " has no tokenizer.json or tokenizer.model: add the model's, or give token ids instead of text");
    }
  }

  @Override
  public void close() {
    if (tokenizer != null) {
      tokenizer.close();
    }
  }
}
