package io.heterospec.topology.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.heterospec.processor.text.HuggingFaceTextModel;
import io.heterospec.processor.text.IncrementalDetokenizer;
import io.heterospec.processor.text.TextModel;
import io.heterospec.schemas.ChatMessage;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.Sampling;
import io.heterospec.topology.DemoPair;
import io.heterospec.topology.route.InvalidRequestException;
import io.heterospec.topology.session.SessionOverflow;
import io.heterospec.topology.session.Transcript;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PromptEncoderTest {
  private static final int CONTEXT = 160;
  private static final HuggingFaceTextModel MODEL =
      HuggingFaceTextModel.open(DemoPair.target(), "demo");
  private static final ChatMessage SYSTEM = new ChatMessage("system", "Be brief.");

  @AfterAll
  static void close() {
    MODEL.close();
  }

  private static PromptEncoder encoder(SessionOverflow overflow) {
    return new PromptEncoder(new SmallContext(MODEL), overflow);
  }

  private static PromptEvent prompt(boolean replace, ChatMessage... messages) {
    return PromptEvent.newBuilder()
        .setRequestId("r")
        .setSessionId("s")
        .setMessages(List.of(messages))
        .setReplaceHistory(replace)
        .setSampling(Sampling.newBuilder().setMaxTokens(8).build())
        .build();
  }

  private static ChatMessage question(int turn) {
    return new ChatMessage("user", "Question number " + turn + " about the sea?");
  }

  private static ChatMessage answer(int turn) {
    return new ChatMessage("assistant", "Answer " + turn + ".");
  }

  // As the model would say it: it ends by itself, or is cut off.
  private static Transcript answered(Transcript asked, int turn, boolean ended) {
    TextModel.ChatMessage question = new TextModel.ChatMessage("user", "And?");
    int[] text =
        Arrays.stream(MODEL.encodeText(new int[] {0}, answer(turn).getContent())).skip(1).toArray();
    int[] endOfTurn = Arrays.copyOfRange(MODEL.encodeChat(new int[] {0}, List.of(question)), 1, 2);
    int[] end = ended ? endOfTurn : new int[0];
    return new Transcript(
        concat(concat(asked.tokens(), text), end),
        asked.opening(),
        asked.turns(),
        Transcript.history(asked.history(), Transcript.ANSWER_ROLE, answer(turn).getContent()));
  }

  private static int[] concat(int[] a, int[] b) {
    return IntStream.concat(Arrays.stream(a), Arrays.stream(b)).toArray();
  }

  private static int[] rendered(List<ChatMessage> messages) {
    return MODEL.encodeChat(
        new int[0],
        messages.stream()
            .map(m -> new TextModel.ChatMessage(m.getRole(), m.getContent()))
            .toList());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void oldestTurnsGoAndTheRestIsAsTheTemplateWritesIt(boolean ended) {
    PromptEncoder encoder = encoder(SessionOverflow.DROP_OLDEST);
    Transcript session = Transcript.EMPTY;
    List<Integer> lengths = new ArrayList<>();
    for (int turn = 0; turn < 12; turn++) {
      PromptEvent prompt =
          turn == 0 ? prompt(false, SYSTEM, question(0)) : prompt(false, question(turn));
      Transcript asked = encoder.encode(session, prompt);
      lengths.add(asked.tokens().length);
      int kept = asked.turns().size();
      List<ChatMessage> whole = new ArrayList<>(List.of(SYSTEM));
      for (int i = turn - kept + 1; i < turn; i++) {
        whole.add(question(i));
        whole.add(answer(i));
      }
      whole.add(question(turn));
      assertThat(asked.tokens()).as("turn %d", turn).isEqualTo(rendered(whole));
      session = answered(asked, turn, ended);
    }
    assertThat(lengths).allMatch(length -> length + 8 <= CONTEXT);
    assertThat(lengths).as("some were dropped").isNotEqualTo(lengths.stream().sorted().toList());
  }

  @Test
  void aSessionThatIsFullIsRefusedByDefault() {
    PromptEncoder encoder = encoder(SessionOverflow.REJECT);
    Transcript full = Transcript.whole(new int[CONTEXT - 10], "");
    assertThatThrownBy(() -> encoder.encode(full, prompt(false, question(1))))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining(String.valueOf(CONTEXT))
        .hasMessageContaining("heterospec.session.overflow");
  }

  @Test
  void aTurnThatDoesNotFitAloneIsRefusedWhateverIsDropped() {
    PromptEncoder encoder = encoder(SessionOverflow.DROP_OLDEST);
    Transcript session =
        answered(encoder.encode(Transcript.EMPTY, prompt(false, question(0))), 0, true);
    PromptEvent huge = prompt(false, new ChatMessage("user", "word ".repeat(CONTEXT)));
    assertThatThrownBy(() -> encoder.encode(session, huge))
        .isInstanceOf(InvalidRequestException.class);
  }

  @Test
  void aWholeConversationThatContinuesTheSessionKeepsItsTokens() {
    PromptEncoder encoder = encoder(SessionOverflow.REJECT);
    Transcript session =
        answered(encoder.encode(Transcript.EMPTY, prompt(false, question(0))), 0, true);
    int[] odd = session.tokens().clone();
    odd[odd.length - 3]++; // the model need not say its answer as the tokenizer would
    Transcript said = new Transcript(odd, session.opening(), session.turns(), session.history());
    Transcript asked = encoder.encode(said, prompt(true, question(0), answer(0), question(1)));
    assertThat(asked.tokens()).startsWith(odd);
    assertThat(asked.history())
        .isEqualTo(encoder.encode(said, prompt(false, question(1))).history());
  }

  @Test
  void aWholeConversationThatWasEditedTakesThePlaceOfTheSession() {
    PromptEncoder encoder = encoder(SessionOverflow.REJECT);
    Transcript session =
        answered(encoder.encode(Transcript.EMPTY, prompt(false, question(0))), 0, true);
    ChatMessage edited = new ChatMessage("user", "Something else?");
    Transcript asked = encoder.encode(session, prompt(true, question(0), answer(0), edited));
    assertThat(asked.tokens()).isEqualTo(rendered(List.of(question(0), answer(0), edited)));
  }

  /** The bundled model with a context that a few turns fill. */
  private record SmallContext(TextModel model) implements TextModel {
    @Override
    public String name() {
      return model.name();
    }

    @Override
    public String fingerprint() {
      return model.fingerprint();
    }

    @Override
    public int contextLength() {
      return CONTEXT;
    }

    @Override
    public int vocabularySize() {
      return model.vocabularySize();
    }

    @Override
    public int defaultMaxTokens() {
      return 8;
    }

    @Override
    public int[] encodeChat(int[] transcript, List<TextModel.ChatMessage> messages) {
      return model.encodeChat(transcript, messages);
    }

    @Override
    public int[] encodeText(int[] transcript, String text) {
      return model.encodeText(transcript, text);
    }

    @Override
    public int[] eosTokenIds() {
      return model.eosTokenIds();
    }

    @Override
    public IncrementalDetokenizer detokenizer() {
      return model.detokenizer();
    }
  }
}
