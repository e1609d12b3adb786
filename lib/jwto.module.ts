import {
  Inject,
  Logger,
  Module,
  Scope,
  type DynamicModule,
  type InjectionToken,
  type NestModule,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModuleRef, ModulesContainer } from '@nestjs/core';
import { instanceToken, type JwtoInstance } from './authentication/instance.js';
import { RefreshPath } from './credentials/refresh-path.js';
import { planRoutes } from './endpoints/route-plan.js';
import { registerInstance } from './module/instance-registry.js';
import { assertMapped } from './module/assert-mapped.js';
import { aboutPrefixes, refreshFolders } from './module/refresh-folders.js';
import { hookRouter, type RouterHook } from './http/router-hook.js';
import { KeyRing } from './keys/key-ring.js';
import { INSTANCE_NAME } from './options/injection-keys.js';
import { JwtoConfigurationError } from './errors/configuration-error.js';
import { assertDecorators } from './module/assert-decorators.js';
import { prepareGlobalGuards } from './guards/global-guards.js';
import { registerStrategy } from './guards/jwto.strategy.js';
import {
  splitAsyncOptions,
  splitOptions,
  type JwtoModuleAsyncOptions,
  type JwtoModuleOptions,
  type JwtoOptionsFactory,
} from './module/module-options.js';
import { APPLICATION_TOKENS, assemble, type OptionsSource } from './module/providers.js';

/**
 * JWT sign-in for a Nest application: its endpoints, guards, sessions and revocation.
 *
 * @example
 * ```ts
 * @Module({
 *   imports: [
 *     TypeOrmModule.forRoot({ ...db, entities: [...jwtoEntities], migrations: [...jwtoMigrations], migrationsRun: true }),
 *     JwtoModule.forRoot({ signingKey: process.env.SIGNING_KEY, users: UsersService }),
 *   ],
 * })
 * export class AppModule {}
 * ```
 */
@Module({})
export class JwtoModule implements NestModule, OnModuleInit, OnApplicationBootstrap {
  private hook: RouterHook | undefined;

  /** @internal */
  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly modules: ModulesContainer,
    private readonly application: ApplicationConfig,
    private readonly moduleRef: ModuleRef,
    @Inject(APPLICATION_TOKENS) private readonly given: Readonly<Record<string, InjectionToken | undefined>>,
  ) {}

  /**
   * Registers the module with settings that are known now.
   *
   * A wrong or unknown setting, a missing entity or table, or an unreachable database stops the start with a
   * `JwtoConfigurationError`.
   */
  static forRoot(moduleOptions: JwtoModuleOptions): DynamicModule {
    const { extras, options } = splitOptions(moduleOptions);
    return { module: JwtoModule, ...assemble(extras, [], { useFactory: () => options }) };
  }

  /**
   * Registers the module with settings from a factory, a class, or another module.
   *
   * @example
   * ```ts
   * JwtoModule.forRootAsync({
   *   inject: [ConfigService],
   *   useFactory: (config: ConfigService) => ({ signingKey: config.getOrThrow('SIGNING_KEY') }),
   *   users: UsersService,
   * })
   * ```
   */
  static forRootAsync(asyncOptions: JwtoModuleAsyncOptions): DynamicModule {
    const { extras, source: from, unknownNames } = splitAsyncOptions(asyncOptions);
    const { useFactory, inject, useClass, useExisting } = from;
    if (useFactory !== undefined)
      return { module: JwtoModule, ...assemble(extras, unknownNames, { useFactory, inject }) };
    const factory = useExisting ?? useClass;
    if (factory === undefined) {
      throw new JwtoConfigurationError('forRootAsync needs one of useFactory, useClass and useExisting');
    }
    const source: OptionsSource = {
      useFactory: (options: JwtoOptionsFactory) => options.createJwtoOptions(),
      inject: [factory],
      providers: useExisting === undefined ? [factory] : [],
    };
    return { module: JwtoModule, ...assemble(extras, unknownNames, source) };
  }

  /** Hooks into the adapter; Nest calls it once the adapter is there and before routes are mapped. */
  configure(): void {
    this.assertSingletons();
    prepareGlobalGuards(this.application.getGlobalGuards());
    const { name, options } = this.instance;
    const adapter = this.adapterHost.httpAdapter;
    registerInstance(adapter, name, options, this.moduleRef.get(KeyRing));
    this.hook = hookRouter(adapter);
  }

  /** Without HTTP there is no `configure`. */
  onModuleInit(): void {
    this.assertSingletons();
    assertDecorators(this.modules);
  }

  /** Asked for and not injected: a module that something request-scoped is injected into is never made. */
  private get instance(): JwtoInstance {
    return this.moduleRef.get<JwtoInstance>(instanceToken(this.moduleRef.get<string>(INSTANCE_NAME)));
  }

  /** There is one sign-in for all requests, so nothing that it is made from can be made anew for each. */
  private assertSingletons(): void {
    const isScoped = (token: InjectionToken | undefined): boolean =>
      token !== undefined && this.moduleRef.introspect(token as string).scope === Scope.REQUEST;
    const all = Object.keys(this.given).filter((setting) => isScoped(this.given[setting]));
    // The data source waits for the settings, and so is what they are.
    const scoped = all.includes('settings') ? all.filter((setting) => setting !== 'dataSource') : all;
    if (scoped.length === 0) return;
    throw new JwtoConfigurationError(
      `${scoped.join(' and ')} must be singletons, and something that they are or inject is request-scoped: remove ` +
        'Scope.REQUEST and the injection of REQUEST, and take what belongs to a request, such as its tenant, from an ' +
        'AsyncLocalStorage or from the arguments',
    );
  }

  /** Once the routes are mapped, the Path of the refresh cookie can be read from them. */
  onApplicationBootstrap(): void {
    if (this.hook === undefined) return;
    const { instance } = this;
    const { name, options } = instance;
    const own = this.hook.mappedRoutes().filter((route) => route.instance === name);
    assertMapped(own, planRoutes(name, options).length);
    const folders = refreshFolders(own);
    this.moduleRef.get(RefreshPath).learn(folders);
    const note = aboutPrefixes(folders, options);
    if (note !== undefined) new Logger('Jwto').log(note);
    registerStrategy(this.adapterHost.httpAdapter.getInstance(), instance);
  }
}
