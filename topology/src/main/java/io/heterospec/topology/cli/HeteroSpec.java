package io.heterospec.topology.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.heterospec.schemas.RegistryUnavailableException;
import java.io.PrintWriter;
import java.util.concurrent.CompletionException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;

/** The program. Exit codes: 0 done, 1 failed, 2 wrong usage or input. */
@Command(
    name = "heterospec",
    description =
        "Event-driven text generation on Kafka Streams with HeteroSpec speculative decoding.",
    synopsisSubcommandLabel = "COMMAND",
    mixinStandardHelpOptions = true,
    version = "HeteroSpec for Kafka " + HeteroSpec.VERSION,
    subcommands = {
      DemoCommand.class,
      UpCommand.class,
      RunCommand.class,
      AskCommand.class,
      ChatCommand.class,
      GenerateCommand.class,
      ScoreCommand.class,
      BenchCommand.class,
      CalibrateCommand.class,
      InspectCommand.class,
      InflateCommand.class,
      SessionsCommand.class,
      ApiKeyCommand.class,
      AsyncApiCommand.class,
      DlqCommand.class,
      ChaosCommand.class,
      SoakCommand.class,
      ServerCommands.Broker.class,
      ServerCommands.Registry.class,
      SimulateCommand.class,
      FabricateCommand.class
    },
    footer = {
      "",
      "Start with:  heterospec demo",
      "Each command explains itself:  heterospec COMMAND --help"
    })
public final class HeteroSpec {
  static final String VERSION = "0.1.0";
  static final int FAILED = 1;
  static final int WRONG_INPUT = 2;

  private boolean verbose;

  @Option(
      names = "--verbose",
      scope = ScopeType.INHERIT,
      description = "Log what happens, and show where errors come from.")
  void setVerbose(boolean value) {
    verbose = value;
    ((Logger) LoggerFactory.getLogger("io.heterospec")).setLevel(value ? Level.DEBUG : Level.WARN);
  }

  /** Runs a command line and leaves with its exit code. */
  public static void main(String[] args) {
    int code = commandLine().execute(args);
    System.out.flush();
    System.exit(code);
  }

  /** The command line, for {@link #main} and tests. */
  public static CommandLine commandLine() {
    HeteroSpec program = new HeteroSpec();
    return new CommandLine(program)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpWidth(100)
        .setParameterExceptionHandler(
            (exception, args) -> {
              PrintWriter err = exception.getCommandLine().getErr();
              String command = exception.getCommandLine().getCommandSpec().qualifiedName();
              err.println(exception.getMessage());
              err.println("See: " + command + " --help");
              return WRONG_INPUT;
            })
        .setExecutionExceptionHandler(program.errors());
  }

  // Illegal arguments are what the user gave: everything below validates its input with them.
  private IExecutionExceptionHandler errors() {
    return (Exception exception, CommandLine line, ParseResult parsed) -> {
      Throwable cause = exception;
      while (isWrapper(cause) && cause.getCause() != null) {
        cause = cause.getCause();
      }
      String message = cause.getMessage() == null ? cause.toString() : cause.getMessage();
      line.getErr().println(message.lines().findFirst().orElse(cause.toString()));
      if (verbose) {
        cause.printStackTrace(line.getErr());
      }
      return isInput(cause) ? WRONG_INPUT : FAILED;
    };
  }

  // A plain KafkaException says that a client was not made; its cause says why.
  private static boolean isWrapper(Throwable cause) {
    return cause instanceof CompletionException || cause.getClass() == KafkaException.class;
  }

  private static boolean isInput(Throwable cause) {
    return cause instanceof IllegalArgumentException
        || cause instanceof ConfigException
        || cause instanceof RegistryUnavailableException;
  }
}
