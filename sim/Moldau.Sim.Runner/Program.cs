using Moldau.Sim.Runner;

return RunnerCommand.Run(args, Console.Out, Console.Error);
