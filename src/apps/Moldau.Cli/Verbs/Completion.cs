using System.Text;
using Moldau.Cli.Parsing;

namespace Moldau.Cli.Verbs;

/// <summary>Scripts that make a shell complete the verbs.</summary>
internal static class Completion
{
    public static readonly Command Command = new("completion", "bash|zsh|fish|pwsh", "a script that makes the shell complete verbs", Run)
    {
        MinOperands = 1,
        MaxOperands = 1,
        Example = "source <(moldau completion bash)",
    };

    /// <summary>Verbs that are no part of this table: those that run a node.</summary>
    private static readonly string[] NodeVerbs = ["dev", "start", "storage", "help"];

    private static Task<int> Run(CommandContext context)
    {
        string shell = context.Arguments.Operands[0];
        Console.Out.Write(shell switch
        {
            "bash" => Bash(),
            "zsh" => "autoload -U +X bashcompinit && bashcompinit\n" + Bash(),
            "fish" => Fish(),
            "pwsh" => PowerShell(),
            _ => throw new CommandException($"there is no completion for '{shell}', only for bash, zsh, fish and pwsh", ExitCodes.Usage),
        });
        Console.Out.Flush();
        return Task.FromResult(ExitCodes.Ok);
    }

    private static string Nouns => string.Join(' ', CommandLine.Nouns.Concat(NodeVerbs));

    private static IEnumerable<IGrouping<string, string>> Verbs => CommandLine.Commands
        .Where(c => c.Name.Contains(' '))
        .Select(c => c.Name.Split(' '))
        .GroupBy(w => w[0], w => w[1]);

    private static string Bash()
    {
        StringBuilder text = new();
        text.Append("_moldau() {\n  local word=${COMP_WORDS[COMP_CWORD]}\n  COMPREPLY=()\n");
        text.Append($"  if [ \"$COMP_CWORD\" -eq 1 ]; then COMPREPLY=($(compgen -W \"{Nouns}\" -- \"$word\")); return; fi\n");
        text.Append("  [ \"$COMP_CWORD\" -eq 2 ] || return\n  case ${COMP_WORDS[1]} in\n");
        foreach (IGrouping<string, string> noun in Verbs)
            text.Append($"    {noun.Key}) COMPREPLY=($(compgen -W \"{string.Join(' ', noun)}\" -- \"$word\")) ;;\n");
        text.Append("  esac\n}\ncomplete -o default -F _moldau moldau\n");
        return text.ToString();
    }

    private static string Fish()
    {
        StringBuilder text = new();
        text.Append($"complete -c moldau -n __fish_use_subcommand -f -a '{Nouns}'\n");
        foreach (IGrouping<string, string> noun in Verbs)
            text.Append($"complete -c moldau -n '__fish_seen_subcommand_from {noun.Key}' -f -a '{string.Join(' ', noun)}'\n");
        return text.ToString();
    }

    private static string PowerShell()
    {
        StringBuilder text = new();
        text.Append("Register-ArgumentCompleter -Native -CommandName moldau -ScriptBlock {\n  param($word, $ast)\n");
        text.Append("  $verbs = @{\n");
        foreach (IGrouping<string, string> noun in Verbs)
            text.Append($"    '{noun.Key}' = '{string.Join(' ', noun)}'\n");
        text.Append("  }\n  $given = $ast.CommandElements\n");
        text.Append($"  $words = if ($given.Count -le 2 -and ($given.Count -lt 2 -or $word)) {{ '{Nouns}' }} else {{ $verbs[\"$($given[1])\"] }}\n");
        text.Append("  \"$words\".Split(' ') | Where-Object { $_ -and $_.StartsWith($word) }\n}\n");
        return text.ToString();
    }
}
