using Moldau.Cli.Parsing;

namespace Moldau.Cli.Verbs;

/// <summary>Scripts that make a shell ask <see cref="Complete"/> for what may come next.</summary>
internal static class Completion
{
    public static readonly string[] Shells = ["bash", "zsh", "fish", "pwsh"];

    public static readonly Command Command = new("completion", "bash|zsh|fish|pwsh", "a script that makes the shell complete verbs, options and names", Run)
    {
        MinOperands = 1,
        MaxOperands = 1,
        Details = "Topics and groups are those of the cluster that -b, the environment or the profile in use names.\n"
            + "zsh: put it into a file _moldau of your fpath; fish: into ~/.config/fish/completions/moldau.fish; pwsh: into $PROFILE.",
        Example = "source <(moldau completion bash)",
    };

    private const string Bash = """
        _moldau() {
          local IFS=$'\n' word=${COMP_WORDS[COMP_CWORD]}
          COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "$word"))
        }
        complete -o default -F _moldau moldau

        """;

    private const string Zsh = """
        #compdef moldau
        _moldau() {
          local -a names
          names=("${(@f)$("${words[1]}" complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
          if (( $#names )) && [[ -n $names[1] ]]; then compadd -- "${names[@]}"; else _files; fi
        }
        if [ "$funcstack[1]" = "_moldau" ]; then _moldau "$@"; else compdef _moldau moldau; fi

        """;

    private const string Fish = """
        function __moldau_complete
          set -l words (commandline -opc)
          $words[1] complete -- $words[2..] (commandline -ct) 2>/dev/null
        end
        complete -c moldau -a '(__moldau_complete)'

        """;

    private const string PowerShell = """
        Register-ArgumentCompleter -Native -CommandName moldau -ScriptBlock {
          param($word, $ast)
          $given = @($ast.CommandElements | Select-Object -Skip 1 | ForEach-Object { "$_" })
          if ($word -eq '') { $given += '' }
          & "$($ast.CommandElements[0])" complete -- @given 2>$null | Where-Object { $_.StartsWith($word) }
        }

        """;

    private static Task<int> Run(CommandContext context)
    {
        string shell = context.Arguments.Operands[0];
        Console.Out.Write(shell switch
        {
            "bash" => Bash,
            "zsh" => Zsh,
            "fish" => Fish,
            "pwsh" => PowerShell,
            _ => throw new CommandException($"there is no completion for '{shell}', only for bash, zsh, fish and pwsh", ExitCodes.Usage),
        });
        Console.Out.Flush();
        return Task.FromResult(ExitCodes.Ok);
    }
}
